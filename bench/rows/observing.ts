import { h2load } from '../measure/h2load.js'
import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { CollectorReady, CollectorReply } from '../programs/collector.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { Figure, Result, Row } from '../row.js'

const ROUNDS = 16
const REQUESTS = 30_000

const plain: FlowOptions = { executor: 'no-op', stages: 1, replicas: 1, runtime: 'process' }

interface Server {
  readonly program: Program
  readonly port: number
}

/** What metrics, and the spans of every request, add to the CPU of gateway and replica: against the same Flow without them. */
export const observing: Row = {
  rows: ['37', '38'],
  needs: ['h2load'],
  async measure() {
    const collector = await Program.start<CollectorReady>(nodeProgram('collector', {}))
    const off = await serve(plain)
    const metrics = await serve({ ...plain, metrics: true })
    const tracing = await serve({ ...plain, collector: collector.ready.url })
    try {
      const request = requestFile(100)
      const runs = {
        off: () => cpuUs(off, request),
        metrics: () => cpuUs(metrics, request),
        tracing: () => cpuUs(tracing, request),
      }
      await interleave(3, runs) // warm
      const values = await interleave(ROUNDS, runs)
      const { bytes } = await collector.program.ask<CollectorReply>({ do: 'count' })
      if (bytes === 0) throw new Error('the collector got no spans')
      const peer: Figure = { name: 'off', values: values.off }
      const common = { unit: 'µs', peer, relation: '≤' } as const
      const what = 'server CPU a unary request with'
      return [
        {
          ...{ row: '37', what: `${what} metrics, against the same without`, ...common, must: 1.03 },
          ours: { name: 'metrics', values: values.metrics },
        },
        {
          ...{
            row: '38',
            what: `${what} every request traced, against the same without`,
            ...common,
            must: 1.15,
          },
          ours: { name: 'tracing', values: values.tracing },
        },
      ] satisfies Result[]
    } finally {
      for (const { program } of [off, metrics, tracing, collector]) await program.end()
    }
  },
}

async function serve(options: FlowOptions): Promise<Server> {
  const { program, ready } = await Program.start<FlowReady>(nodeProgram('flow', options))
  return { program, port: ready.port }
}

async function cpuUs({ program, port }: Server, request: string): Promise<number> {
  const before = program.cpuS
  await h2load({ port, request, requests: REQUESTS, connections: 4, streams: 8 })
  return ((program.cpuS - before) * 1_000_000) / REQUESTS
}
