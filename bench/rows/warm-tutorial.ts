import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import type { RunReply, TutorialOptions, VerifyReply } from '../programs/tutorial.js'
import type { Result, Row } from '../row.js'
import { corpusFile } from './corpus-file.js'

const ROUNDS = 7

interface Run {
  readonly stepsPerS: number
  readonly cpuS: number
  readonly handlerCpuS: number
}

/** The tutorial on Flows that have run it before, with 1 and with 2 replicas. */
export const warmTutorial: Row = {
  rows: ['40'],
  needs: [],
  async measure() {
    const one = await WarmFlow.start(1)
    const two = await WarmFlow.start(2)
    try {
      const runs = { one: () => one.run(), two: () => two.run() }
      await interleave(2, runs) // warm
      return resultsOf(await interleave(ROUNDS, runs))
    } finally {
      await one.end()
      await two.end()
    }
  },
}

class WarmFlow {
  readonly #program: Program
  /** CPU of the handler in all runs so far, of one replica. */
  #handlerCpuS = 0

  private constructor(program: Program) {
    this.#program = program
  }

  static async start(replicas: number): Promise<WarmFlow> {
    const options: TutorialOptions = { corpus: corpusFile(), replicas, runtime: 'process' }
    const { program } = await Program.start(nodeProgram('tutorial', options))
    return new WarmFlow(program)
  }

  async run(): Promise<Run> {
    const before = this.#program.cpuS
    const { wallS, docs } = await this.#program.ask<RunReply>({ do: 'run' })
    const cpuS = this.#program.cpuS - before
    const { handlerCpuS } = await this.#program.ask<VerifyReply>({ do: 'verify' })
    const ofThisRun = handlerCpuS - this.#handlerCpuS
    this.#handlerCpuS = handlerCpuS
    return { stepsPerS: docs / 100 / wallS, cpuS, handlerCpuS: ofThisRun }
  }

  end(): Promise<void> {
    return this.#program.end()
  }
}

function resultsOf({ one, two }: Record<'one' | 'two', Run[]>): readonly Result[] {
  const steps = (runs: Run[]): number[] => runs.map(({ stepsPerS }) => stepsPerS)
  return [
    {
      ...{
        row: '40a',
        what: 'tutorial on Flows that have run it twice, 2 replicas against 1',
        unit: 'steps/s',
      },
      ours: { name: '2 replicas', values: steps(two) },
      peer: { name: '1 replica', values: steps(one) },
      ...{ relation: '≥', must: 1.4, aim: 1.6 },
    },
    {
      ...{ row: '40b', what: 'row 2 on a Flow that has run the tutorial twice', unit: 's' },
      ours: { name: 'the rest', values: one.map(({ cpuS, handlerCpuS }) => cpuS - handlerCpuS) },
      peer: { name: 'MyTokenizer.vectorize', values: one.map(({ handlerCpuS }) => handlerCpuS) },
      ...{ relation: '≤', must: 0.4, aim: 0.25 },
    },
  ]
}
