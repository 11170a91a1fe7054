import { interleave, withRetries } from '../measure/interleave.js'
import { jinaProgram, nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { vectorFile } from '../measure/vector-file.js'
import type {
  FindReply,
  IndexReply,
  IndexStageOptions,
  SearchCommand,
  SearchReply,
} from '../programs/index-stage.js'
import type { Result, Row } from '../row.js'

const ROUNDS = 5
const DIM = 128
const ROWS = 20_000
const LIMIT = 10
const QUERIES = 1_000
/** Queries whose answers are compared. */
const SAMPLE = 100

/** The ten nearest of 20,000 vectors, by cosine: VectorIndexer against a DocumentArray in memory and its `match`. */
export const exactSearch: Row = {
  rows: ['19'],
  needs: ['jina'],
  async measure() {
    const files = { vectors: vectorFile(ROWS, DIM, 1), queries: vectorFile(QUERIES, DIM, 2), dim: DIM }
    const ours = (shards: number): IndexStageOptions => ({ executor: 'vector-indexer', shards, ...files })
    const programs: Program[] = []
    try {
      const start = async (command: Parameters<typeof Program.start>[0]): Promise<Program> => {
        const { program } = await Program.start(command)
        programs.push(program)
        return program
      }
      const one = await start(nodeProgram('index-stage', ours(1)))
      const two = await start(nodeProgram('index-stage', ours(2)))
      const jina = await withRetries(() => start(jinaProgram('jina_index.py', files)))()
      for (const program of programs) await fill(program)
      await requireSame([one, two, jina])
      const groups = { one, two, jina }
      return [
        ...(await compare({ rows: ['19a', '19b', '19c'], docsPerRequest: 1, ours: 400, jina: 30 }, groups)),
        ...(await compare(
          { rows: ['19d', '19e', '19f'], docsPerRequest: 100, ours: 2_000, jina: 300 },
          groups,
        )),
      ]
    } finally {
      await Promise.all(programs.map((program) => program.end()))
    }
  },
}

async function fill(program: Program): Promise<void> {
  const { docs } = await program.ask<IndexReply>({ do: 'index', from: 0, to: ROWS, docsPerRequest: 100 })
  if (docs !== ROWS) throw new Error(`${docs} of ${ROWS} documents were indexed`)
}

/** Throws unless all find the same ids in the same order. */
async function requireSame(programs: readonly Program[]): Promise<void> {
  const found = []
  for (const program of programs) {
    const { ids } = await program.ask<FindReply>({ do: 'find', queries: SAMPLE, limit: LIMIT })
    found.push(ids.map((each) => each.join(' ')))
  }
  const [first, ...others] = found
  for (const other of others) {
    const same = first!.filter((ids, query) => ids === other[query]).length
    if (same !== SAMPLE) throw new Error(`of ${SAMPLE} queries only ${same} find the same ids`)
  }
}

interface Sizes {
  readonly rows: readonly [string, string, string]
  readonly docsPerRequest: number
  /** Queries per round. */
  readonly ours: number
  readonly jina: number
}

async function compare(
  { rows, docsPerRequest, ...queries }: Sizes,
  programs: { one: Program; two: Program; jina: Program },
): Promise<readonly Result[]> {
  const ask =
    (program: Program, count: number, includeEmbeddings = false) =>
    () =>
      rate(program, { do: 'search', queries: count, docsPerRequest, limit: LIMIT, includeEmbeddings })
  const runs = {
    one: ask(programs.one, queries.ours),
    two: ask(programs.two, queries.ours),
    withEmbeddings: ask(programs.one, queries.ours, true),
    jina: ask(programs.jina, queries.jina),
  }
  await interleave(1, runs) // warm
  const rates = await interleave(ROUNDS, runs)
  const batch = docsPerRequest === 1 ? 'one query' : `${docsPerRequest} queries`
  const line = (row: string, how: string, values: readonly number[]): Result => ({
    ...{ row, what: `exact search of 20,000 × 128, ${batch} a request, ${how}`, unit: 'queries/s' },
    ours: { name: 'Millrace', values },
    peer: { name: 'Jina', values: rates.jina },
    ...{ relation: '≥', must: 10 },
  })
  const note = 'for information: no target of its own'
  return [
    line(rows[0], '1 shard', rates.one),
    { ...line(rows[1], '2 shards', rates.two), note },
    { ...line(rows[2], '1 shard, with the embeddings of matches', rates.withEmbeddings), note },
  ]
}

async function rate(program: Program, command: SearchCommand): Promise<number> {
  const { wallS, matches } = await program.ask<SearchReply>(command)
  if (matches !== command.queries * LIMIT)
    throw new Error(`${command.queries} queries had ${matches} matches`)
  return command.queries / wallS
}
