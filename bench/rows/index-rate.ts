import { availableParallelism } from 'node:os'
import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { median } from '../measure/statistics.js'
import { vectorFile } from '../measure/vector-file.js'
import type { IndexReply, IndexStageOptions } from '../programs/index-stage.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 3
const DIM = 128
const DOCS_PER_REQUEST = 100

/** Client, gateway and two shards that all compute need four cores; with fewer they take cores from each other. */
const computing = availableParallelism() >= 4 ? 1.8 : 1

interface Load {
  /** The least ratio of the two rates. */
  readonly must: number
  readonly executor: IndexStageOptions['executor']
  /** Another fifth of them is sent first, as a warm-up. */
  readonly docs: number
}

interface Run {
  readonly docsPerS: number
  /** CPU of gateway and client, and of the shards, in microseconds per document. */
  readonly gatewayUs: number
  readonly shardsUs: number
}

/** Documents stored per second, each on the shard selected by its id: two shards against one. */
export const indexRate: Row = {
  rows: ['18'],
  needs: [],
  async measure() {
    return [
      await compare(
        '18a',
        { must: 1.8, executor: 'waiting', docs: 10_000 },
        'an executor that waits 0.2 ms a document',
      ),
      await compare(
        '18b',
        { must: 1.8, executor: 'burning', docs: 4_000 },
        'an executor that spends 1 ms of CPU a document',
      ),
      await compare(
        '18c',
        { must: computing, executor: 'vector-indexer', docs: 50_000 },
        'VectorIndexer, 128 dimensions',
      ),
    ]
  },
}

async function compare(row: string, load: Load, what: string): Promise<Result> {
  const runs = await interleave(ROUNDS, { one: () => run(load, 1), two: () => run(load, 2) })
  const rates = (of: readonly Run[]): number[] => of.map(({ docsPerS }) => docsPerS)
  const cpu = (of: readonly Run[]): string =>
    `${Math.round(median(of.map(({ shardsUs }) => shardsUs)))} + ${Math.round(median(of.map(({ gatewayUs }) => gatewayUs)))}`
  return {
    ...{ row, what: `${what}: 2 shards by KEY against 1`, unit: 'docs/s' },
    ours: { name: '2 shards', values: rates(runs.two) },
    peer: { name: '1 shard', values: rates(runs.one) },
    ...{ relation: '≥', must: load.must },
    note: `CPU a document, shards + gateway and client: ${cpu(runs.one)} µs with 1 shard, ${cpu(runs.two)} µs with 2`,
  }
}

/** Uses a new index, which is empty except for the warm-up. */
async function run({ executor, docs: count }: Load, shards: number): Promise<Run> {
  const warm = count / 5
  const vectors = vectorFile(warm + count, DIM, 1)
  const stage: IndexStageOptions = { executor, shards, vectors, queries: vectors, dim: DIM }
  const { program } = await Program.start(nodeProgram('index-stage', stage))
  const index = (from: number, to: number): Promise<IndexReply> =>
    program.ask<IndexReply>({ do: 'index', from, to, docsPerRequest: DOCS_PER_REQUEST })
  try {
    await index(0, warm)
    const [own, all] = [program.ownCpuS, program.cpuS]
    const { wallS, docs } = await index(warm, warm + count)
    if (docs !== count) throw new Error(`${docs} of ${count} documents came back`)
    const gatewayS = program.ownCpuS - own
    const shardsS = program.cpuS - all - gatewayS
    return { docsPerS: count / wallS, gatewayUs: (gatewayS * 1e6) / count, shardsUs: (shardsS * 1e6) / count }
  } finally {
    await program.end()
  }
}
