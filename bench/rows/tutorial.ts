import { interleave, withRetries } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { type Command, Program } from '../measure/program.js'
import { median } from '../measure/statistics.js'
import type { RunReply, TutorialOptions, VerifyReply } from '../programs/tutorial.js'
import type { Result, Row } from '../row.js'
import { corpusFile, DOCUMENTS } from './corpus-file.js'

const ROUNDS = 3

interface Run {
  readonly wallS: number
  /** CPU of the whole process tree while it ran. */
  readonly cpuS: number
  readonly methodCpuS: number
  readonly handlerCpuS: number
}

/** The scale-out tutorial on the built-in corpus: a Flow that has just started, one `post`. */
export const tutorial: Row = {
  rows: ['1', '2', '3'],
  needs: ['jina'],
  async measure() {
    const corpus = corpusFile()
    const ours = (replicas: number): TutorialOptions => ({ corpus, replicas, runtime: 'process' })
    const runs = await interleave(ROUNDS, {
      one: () => runOnce(nodeProgram('tutorial', ours(1))),
      jina: withRetries(() => runOnce(jinaProgram('jina_tutorial.py', { corpus, replicas: 1 }))),
      two: () => runOnce(nodeProgram('tutorial', ours(2))),
    })
    return resultsOf(runs)
  },
}

async function runOnce(command: Command): Promise<Run> {
  const { program } = await Program.start(command)
  try {
    const before = program.cpuS
    const { wallS, docs } = await program.ask<RunReply>({ do: 'run' })
    const cpuS = program.cpuS - before
    const { nonzeros, methodCpuS, handlerCpuS } = await program.ask<VerifyReply>({ do: 'verify' })
    if (docs !== DOCUMENTS || nonzeros < DOCUMENTS) {
      throw new Error(`the tutorial gave ${docs} documents with ${nonzeros} stored values in all`)
    }
    return { wallS, cpuS, methodCpuS, handlerCpuS }
  } finally {
    await program.end()
  }
}

function resultsOf({ one, jina, two }: Record<string, Run[]>): readonly Result[] {
  const walls = (runs: Run[]): number[] => runs.map(({ wallS }) => wallS)
  const cpus = (runs: Run[]): number[] => runs.map(({ cpuS }) => cpuS)
  const handlers = one!.map(({ handlerCpuS }) => handlerCpuS)
  return [
    {
      ...{ row: '1', what: 'tutorial, 11,314 documents, 115 steps, 1 replica, wall', unit: 's' },
      ours: { name: 'Millrace', values: walls(one!) },
      peer: { name: 'Jina', values: walls(jina!) },
      ...{ relation: '≤', must: 1 / 6, aim: 1 / 10 },
      note: `all CPU: ours ${median(cpus(one!)).toFixed(2)} s, Jina ${median(cpus(jina!)).toFixed(2)} s`,
    },
    {
      ...{ row: '1b', what: 'the same, 2 replicas against 1, wall', unit: 's' },
      ours: { name: '2 replicas', values: walls(two!) },
      peer: { name: '1 replica', values: walls(one!) },
      ...{ relation: '≤', must: 1 / 1.4 },
      note: 'for information: row 40 is that of Flows that are warm',
    },
    {
      ...{
        row: '2',
        what: "tutorial, CPU of everything but the executor's method, against that method",
        unit: 's',
      },
      ours: { name: 'the rest', values: one!.map(({ cpuS, handlerCpuS }) => cpuS - handlerCpuS) },
      peer: { name: 'MyTokenizer.vectorize', values: handlers },
      ...{ relation: '≤', must: 0.4, aim: 0.25 },
      note: `of the method's CPU, fitTransform alone: ${median(one!.map(({ methodCpuS }) => methodCpuS)).toFixed(2)} s`,
    },
    {
      ...{ row: '3', what: 'tutorial with 2 replicas on two cores, wall against all its CPU / 2', unit: 's' },
      ours: { name: 'wall', values: walls(two!) },
      peer: { name: 'CPU / 2', values: cpus(two!).map((cpuS) => cpuS / 2) },
      ...{ relation: '≤', must: 1.15 },
    },
  ]
}
