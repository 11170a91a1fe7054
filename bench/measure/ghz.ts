import { execFile } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { promisify } from 'node:util'

import { jinaProgram, repositoryPath, toolPath } from './peers.js'
import { Program } from './program.js'

const run = promisify(execFile)

const METHOD = 'jina.JinaSingleDataRequestRPC.process_single_data'

export interface Load {
  readonly port: number
  /** File with one serialised DataRequestProto. */
  readonly request: string
  readonly requests: number
  readonly inFlight: number
}

export interface LoadResult {
  readonly requestsPerS: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/**
 * A closed loop of unary requests over one connection.
 *
 * @throws Error when a single request was not answered with OK
 */
export async function ghz(load: Load): Promise<LoadResult> {
  const { stdout } = await run(
    toolPath('ghz'),
    [
      ...['--insecure', '--protoset', repositoryPath('.cache/bench/jina.protoset'), '--call', METHOD],
      ...['--binary-file', load.request, '-n', String(load.requests), '-c', String(load.inFlight)],
      ...['--connections', '1', '--max-recv-message-size', '64MB', '--max-send-message-size', '64MB'],
      ...['--timeout', '60s', '--format', 'json', `127.0.0.1:${load.port}`],
    ],
    { maxBuffer: 256 * 1024 * 1024 },
  )
  const report = JSON.parse(stdout) as GhzReport
  if ((report.statusCodeDistribution['OK'] ?? 0) !== load.requests) {
    throw new Error(`ghz: not every request was answered: ${JSON.stringify(report.statusCodeDistribution)}`)
  }
  const percentile = (percentage: number): number =>
    report.latencyDistribution.find((entry) => entry.percentage === percentage)!.latency / 1e6
  return { requestsPerS: report.rps, p50Ms: percentile(50), p99Ms: percentile(99) }
}

interface GhzReport {
  readonly rps: number
  readonly statusCodeDistribution: Readonly<Record<string, number>>
  readonly latencyDistribution: readonly { readonly percentage: number; readonly latency: number }[]
}

/** Writes the descriptors that ghz needs, from the reflection of a Jina server. */
export async function writeProtoset(jinaPort: number): Promise<void> {
  mkdirSync(repositoryPath('.cache/bench'), { recursive: true })
  const file = repositoryPath('.cache/bench/jina.protoset')
  await run(toolPath('grpcurl'), [
    ...['-plaintext', '-protoset-out', file, `127.0.0.1:${jinaPort}`],
    ...['describe', 'jina.JinaSingleDataRequestRPC'],
  ])
}

/** Starts a Jina server for that. */
export async function ensureProtoset(): Promise<void> {
  const command = jinaProgram('jina_flow.py', { stages: 1, replicas: 1 })
  const { program, ready } = await Program.start<{ port: number }>(command)
  try {
    await writeProtoset(ready.port)
  } finally {
    await program.end()
  }
}
