import { readFileSync } from 'node:fs'
import { h2load } from '../measure/h2load.js'
import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { embeddingsFile } from '../measure/request-file.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 11
const REQUESTS = 3000
const DOCUMENTS = 100
const DIMENSIONS = 384

/** What the schema of documents adds to the CPU of gateway and replica, for a handler that reads each embedding. */
export const typed: Row = {
  rows: ['39'],
  needs: ['h2load'],
  async measure() {
    const request = embeddingsFile(DOCUMENTS, DIMENSIONS)
    const servers = { typed: await serve('typed'), untyped: await serve('untyped') }
    try {
      for (const server of Object.values(servers)) await requireSuccess(server, request)
      const runs = {
        typed: () => cpuUs(servers.typed, request),
        untyped: () => cpuUs(servers.untyped, request),
      }
      await interleave(2, runs) // warm
      const values = await interleave(ROUNDS, runs)
      const added = values.typed.map((us, round) => (us - values.untyped[round]!) / DOCUMENTS)
      const what = `${DOCUMENTS} typed documents of ${DIMENSIONS} float32 a request`
      return [
        {
          ...{ row: '39a', what: `${what}, server CPU a request, against the same untyped`, unit: 'µs' },
          ours: { name: 'typed', values: values.typed },
          peer: { name: 'untyped', values: values.untyped },
          ...{ relation: '≤', must: 1.2 },
        },
        {
          ...{ row: '39b', what: `${what}: what the types add a document`, unit: 'µs' },
          ours: { name: 'Millrace', values: added },
          ...{ relation: '≤', must: 10 },
        },
      ] satisfies Result[]
    } finally {
      for (const { program } of Object.values(servers)) await program.end()
    }
  },
}

interface Server {
  readonly program: Program
  readonly port: number
}

async function serve(executor: FlowOptions['executor']): Promise<Server> {
  const options: FlowOptions = {
    executor,
    stages: 1,
    replicas: 1,
    runtime: 'process',
    protocols: ['grpc', 'http'],
  }
  const { program, ready } = await Program.start<FlowReady>(nodeProgram('flow', options))
  return { program, port: ready.port }
}

/** h2load does not look into answers, and those of refused requests are fast. */
async function requireSuccess({ port }: Server, request: string): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf' }
  const body = readFileSync(request)
  const { status, headers: answer } = await fetch(`http://127.0.0.1:${port}/default`, {
    method: 'POST',
    headers,
    body,
  })
  const code = answer.get('millrace-status')
  if (status !== 200 || code !== 'OK') throw new Error(`a request was answered with ${status}, ${code}`)
}

async function cpuUs({ program, port }: Server, request: string): Promise<number> {
  const before = program.cpuS
  await h2load({ port, request, requests: REQUESTS, connections: 4, streams: 2 })
  return ((program.cpuS - before) * 1_000_000) / REQUESTS
}
