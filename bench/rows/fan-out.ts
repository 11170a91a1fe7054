import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import type { FlowOptions, StreamReply } from '../programs/flow.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const REQUESTS = 1_000
const BRANCHES = 10

/**
 * CPU of program and gateway, without pods, for a request through ten stages: as branches with a join behind them, and as a
 * chain, which has as many hops. And the chain against one of a single stage, for each further stage.
 */
export const fanOut: Row = {
  rows: ['27'],
  needs: [],
  async measure() {
    const flow: FlowOptions = { executor: 'no-op', stages: BRANCHES, replicas: 1, runtime: 'process' }
    const start = async (options: FlowOptions) => (await Program.start(nodeProgram('flow', options))).program
    const branches = await start({ ...flow, isFanOut: true })
    const chain = await start(flow)
    const single = await start({ ...flow, stages: 1 })
    try {
      const runs = { branches: () => cpuUs(branches), chain: () => cpuUs(chain), single: () => cpuUs(single) }
      await interleave(1, runs) // warm
      const cpus = await interleave(ROUNDS, runs)
      const common = { unit: 'µs', relation: '≤', must: 60 } as const
      return [
        {
          ...{ row: '27a', what: 'a branch of ten beside its hop, CPU of the gateway', ...common },
          ours: difference(cpus.branches, cpus.chain, BRANCHES),
        },
        {
          ...{ row: '27b', what: 'one more process stage of a chain, CPU of the gateway', ...common },
          ours: difference(cpus.chain, cpus.single, BRANCHES - 1),
        },
      ] satisfies readonly Result[]
    } finally {
      await Promise.all([branches, chain, single].map((program) => program.end()))
    }
  },
}

function difference(more: readonly number[], fewer: readonly number[], parts: number): Result['ours'] {
  return { name: 'Millrace', values: more.map((cpu, round) => (cpu - fewer[round]!) / parts) }
}

async function cpuUs(program: Program): Promise<number> {
  const before = program.ownCpuS
  const command = { do: 'stream', requests: REQUESTS, docsPerRequest: 1, textBytes: 100, client: 'own' }
  await program.ask<StreamReply>(command)
  return ((program.ownCpuS - before) * 1e6) / REQUESTS
}
