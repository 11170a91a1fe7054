import { interleave, withRetries } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { type Command, Program } from '../measure/program.js'
import type { FlowOptions } from '../programs/flow.js'
import type { Figure, Row } from '../row.js'

const ROUNDS = 7
const STAGES = 10

interface StartTimes {
  readonly startS: number
  readonly closeS: number
}

const flow: FlowOptions = { executor: 'no-op', stages: STAGES, replicas: 1, runtime: 'process' }

/** Ten stages with an executor each, as processes: from `start()` until all have answered, and `close()`. */
export const start: Row = {
  rows: ['12'],
  needs: ['jina'],
  async measure() {
    const runs = await interleave(ROUNDS, {
      ours: () => measureStart(nodeProgram('flow', flow)),
      jina: withRetries(() => measureStart(jinaProgram('jina_flow.py', { stages: STAGES, replicas: 1 }))),
    })
    const figures = (key: keyof StartTimes): { ours: Figure; peer: Figure } => ({
      ours: { name: 'Millrace', values: runs.ours.map((run) => run[key]) },
      peer: { name: 'Jina', values: runs.jina.map((run) => run[key]) },
    })
    return [
      { row: '12a', what: '10 stages up and ready', unit: 's', ...figures('startS'), relation: '≤', must: 1 },
      { row: '12b', what: '10 stages closed', unit: 's', ...figures('closeS'), relation: '≤', must: 1 },
    ]
  },
}

async function measureStart(command: Command): Promise<StartTimes> {
  const { program, ready } = await Program.start<{ startS: number }>(command)
  const { closeS } = await program.close<{ closeS: number }>()
  return { startS: ready.startS, closeS }
}
