import { interleave, withRetries } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { type Command, Program } from '../measure/program.js'
import type { FlowOptions } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 3
const REPLICAS = 8

interface Memory {
  readonly atRestMb: number
  readonly afterMb: number
}

/** Proportional set size of a Flow with one stage and eight replicas, when it is ready and after some requests. */
export const memory: Row = {
  rows: ['13'],
  needs: ['jina'],
  async measure() {
    const flow = (runtime: 'process' | 'thread'): FlowOptions => ({
      ...{ executor: 'no-op', stages: 1, replicas: REPLICAS, runtime },
    })
    const { processes, threads, jina } = await interleave(ROUNDS, {
      processes: () => weigh(nodeProgram('flow', flow('process'))),
      threads: () => weigh(nodeProgram('flow', flow('thread'))),
      jina: withRetries(() => weigh(jinaProgram('jina_flow.py', { stages: 1, replicas: REPLICAS }))),
    })
    const line = (row: string, what: string, ours: Memory[], key: keyof Memory): Result => ({
      ...{ row, what, unit: 'MB' },
      ours: { name: 'Millrace', values: ours.map((one) => one[key]) },
      peer: { name: 'Jina', values: jina.map((one) => one[key]) },
      ...{ relation: '≤', must: 1, aim: 0.7 },
    })
    return [
      line('13a', '8 process replicas, PSS of the whole tree', processes, 'atRestMb'),
      line('13b', '8 thread replicas, PSS of the whole tree', threads, 'atRestMb'),
      line('13c', '8 process replicas, after 800 requests', processes, 'afterMb'),
      line('13d', '8 thread replicas, after 800 requests', threads, 'afterMb'),
    ]
  },
}

async function weigh(command: Command): Promise<Memory> {
  const { program } = await Program.start(command)
  try {
    const atRestMb = program.pssBytes / 1e6
    await program.ask({ do: 'stream', requests: 800, docsPerRequest: 1, textBytes: 100 })
    return { atRestMb, afterMb: program.pssBytes / 1e6 }
  } finally {
    await program.end()
  }
}
