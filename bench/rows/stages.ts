import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import type { FlowOptions, StreamReply } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const REQUESTS = 8_000
const FEW = 1
const MANY = 5

/** CPU of the whole tree per request with five stages minus that with one, per stage: a hop to the pod, a no-op, a hop back. */
export const stages: Row = {
  rows: ['11'],
  needs: [],
  async measure() {
    return [await oneMore('11a', 'process', 60), await oneMore('11b', 'thread', 30)]
  },
}

async function oneMore(row: string, runtime: 'process' | 'thread', must: number): Promise<Result> {
  const flow = (count: number): FlowOptions => ({ executor: 'no-op', stages: count, replicas: 1, runtime })
  const few = (await Program.start(nodeProgram('flow', flow(FEW)))).program
  const many = (await Program.start(nodeProgram('flow', flow(MANY)))).program
  try {
    const runs = { few: () => cpuUs(few), many: () => cpuUs(many) }
    await interleave(2, runs) // warm
    const cpus = await interleave(ROUNDS, runs)
    const values = cpus.many.map((cpu, round) => (cpu - cpus.few[round]!) / (MANY - FEW))
    return {
      ...{ row, what: `one more ${runtime} stage, CPU a request`, unit: 'µs' },
      ours: { name: 'Millrace', values },
      ...{ relation: '≤', must },
      note: 'requests of one document on a stream',
    }
  } finally {
    await Promise.all([few.end(), many.end()])
  }
}

async function cpuUs(program: Program): Promise<number> {
  const before = program.cpuS
  await program.ask<StreamReply>({ do: 'stream', requests: REQUESTS, docsPerRequest: 1, textBytes: 100 })
  return ((program.cpuS - before) * 1e6) / REQUESTS
}
