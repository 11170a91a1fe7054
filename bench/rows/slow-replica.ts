import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { requestFile } from '../measure/request-file.js'
import type { FlowOptions, FlowReady } from '../programs/flow.js'
import type { OpenLoopReply } from '../programs/open-loop.js'
import type { Row } from '../row.js'

const ROUNDS = 3
const OK = '0'

/** One of four replicas takes 200 ms instead of 20: 18 requests per second, just below the limit of round robin. */
export const slowReplica: Row = {
  rows: ['14'],
  needs: [],
  async measure() {
    const request = requestFile(100)
    const p99 = async (balance: 'power-of-two' | 'round-robin'): Promise<number> => {
      const options: FlowOptions = {
        ...{ executor: 'one-slow', stages: 1, replicas: 4, runtime: 'process' },
        ...{ balance, maxConcurrency: 1 },
      }
      const flow = await Program.start<FlowReady>(nodeProgram('flow', options))
      const client = await Program.start(nodeProgram('open-loop', {}))
      try {
        const load = { do: 'load', port: flow.ready.port, request, perSecond: 18, timeoutMs: 10_000 }
        await client.program.ask({ ...load, seconds: 3 }) // warm
        const { sent, byCode } = await client.program.ask<OpenLoopReply>({ ...load, seconds: 20 })
        if (byCode[OK]?.count !== sent) throw new Error(`not all were answered: ${JSON.stringify(byCode)}`)
        return byCode[OK].p99Ms
      } finally {
        await Promise.all([flow.program.end(), client.program.end()])
      }
    }
    const measured = await interleave(ROUNDS, {
      ours: () => p99('power-of-two'),
      robin: () => p99('round-robin'),
    })
    return [
      {
        ...{ row: '14', what: 'one of four replicas ten times slower, p99', unit: 'ms' },
        ours: { name: 'power of two, the default', values: measured.ours },
        peer: { name: 'round robin', values: measured.robin },
        ...{ relation: '≤', must: 0.25 },
      },
    ]
  },
}
