import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import type { FlowOptions, StreamReply } from '../programs/flow.js'
import type { Row } from '../row.js'

const ROUNDS = 5
const REQUESTS = 100

/** An executor that blocks its replica for 20 ms per request: two replicas should answer twice as many requests. */
export const waiting: Row = {
  rows: ['4'],
  needs: [],
  async measure() {
    const flow = (replicas: number): FlowOptions => ({
      executor: 'waiting',
      stages: 1,
      replicas,
      runtime: 'process',
    })
    const one = (await Program.start(nodeProgram('flow', flow(1)))).program
    const two = (await Program.start(nodeProgram('flow', flow(2)))).program
    try {
      const rates = await interleave(ROUNDS, { one: () => rate(one), two: () => rate(two) })
      return [
        {
          ...{ row: '4', what: 'an executor that waits 20 ms, 2 replicas against 1', unit: 'requests/s' },
          ours: { name: '2 replicas', values: rates.two },
          peer: { name: '1 replica', values: rates.one },
          ...{ relation: '≥', must: 1.95 },
        },
      ]
    } finally {
      await Promise.all([one.end(), two.end()])
    }
  },
}

async function rate(program: Program): Promise<number> {
  const command = { do: 'stream', requests: REQUESTS, docsPerRequest: 1, textBytes: 100 }
  const { wallS } = await program.ask<StreamReply>(command)
  return REQUESTS / wallS
}
