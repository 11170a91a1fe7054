import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Document, DocumentArray } from '../../src/document/index.js'
import { DataRequest } from '../../src/wire/data-request.js'

const ghz = fileURLToPath(new URL('../../.cache/bin/ghz', import.meta.url))
const executors = new URL('../interop/jina-client-executors.mjs', import.meta.url).href

/** More calls with MILLRACE_FUZZ, as a multiple. */
const effort = Number(process.env.MILLRACE_FUZZ ?? 1)

const flow = new Flow({ host: '127.0.0.1', quiet: true }).add({
  name: 'counterpart',
  uses: `${executors}#Counterpart`,
})

beforeAll(() => flow.start())
afterAll(() => flow.close())

interface Report {
  readonly statusCodeDistribution: Readonly<Record<string, number>>
  readonly errorDistribution: Readonly<Record<string, number>> | null
}

/** Posts documents of so many bytes with grpc-go, and returns how the calls ended. */
async function load(
  bytes: number,
  { calls, inFlight, connections }: { calls: number; inFlight: number; connections: number },
): Promise<Report> {
  const docs = new DocumentArray([new Document({ text: 'x'.repeat(bytes) })])
  const running = promisify(execFile)(
    ghz,
    [
      ...['--insecure', '--call', 'jina.JinaSingleDataRequestRPC.process_single_data', '--binary'],
      ...['-n', String(calls), '-c', String(inFlight), '--connections', String(connections)],
      ...['--max-recv-message-size', '256MB', '--max-send-message-size', '256MB', '--timeout', '120s'],
      ...['--format', 'json', `127.0.0.1:${flow.port}`],
    ],
    { maxBuffer: 2 ** 28 },
  )
  running.child.stdin!.end(DataRequest.create({ endpoint: '/', docs }).encode())
  const { stdout } = await running
  const { statusCodeDistribution, errorDistribution } = JSON.parse(stdout) as Report
  return { statusCodeDistribution, errorDistribution }
}

describe('grpc-go, which pings and widens its windows as it measures its bandwidth', () => {
  test.each([
    ['100 bytes, 32 in flight on 4 connections', 100, { calls: 10_000, inFlight: 32, connections: 4 }],
    ['100 bytes, one after the other', 100, { calls: 2000, inFlight: 1, connections: 1 }],
    ['8 KB', 8000, { calls: 5000, inFlight: 16, connections: 1 }],
    ['1 MB on new connections', 1_000_000, { calls: 300, inFlight: 20, connections: 10 }],
    ['1 MB', 1_000_000, { calls: 1000 * effort, inFlight: 8, connections: 1 }],
    ['100 MB', 100_000_000, { calls: 4, inFlight: 2, connections: 1 }],
  ])('gets an answer to each call: %s', async (_what, bytes, options) => {
    expect(await load(bytes, options)).toMatchObject({ statusCodeDistribution: { OK: options.calls } })
  })
})
