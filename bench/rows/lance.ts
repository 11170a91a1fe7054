import { interleave } from '../measure/interleave.js'
import { nodeProgram } from '../measure/peers.js'
import { Program } from '../measure/program.js'
import { vectorFile } from '../measure/vector-file.js'
import type { LanceCommand, LanceOptions, LanceReply } from '../programs/lance.js'
import type { Row } from '../row.js'

const ROUNDS = 5
const DIM = 128
const DOCS = 20_000
const DOCS_PER_COMMIT = 2_000
const QUERIES = 40

/** `VectorIndexer`, called directly, against LanceDB itself: rows stored a second, and one exact query from disk. */
export const lance: Row = {
  rows: ['26'],
  needs: [],
  async measure() {
    const options: LanceOptions = { vectors: vectorFile(DOCS, DIM, 1), dim: DIM }
    const { program } = await Program.start(nodeProgram('lance', options))
    const ask = (command: LanceCommand): Promise<LanceReply> => program.ask<LanceReply>(command)
    const index = (by: LanceCommand['by']) => async () =>
      DOCS / (await ask({ do: 'index', by, count: DOCS_PER_COMMIT })).wallS
    const search = (by: LanceCommand['by']) => async () =>
      ((await ask({ do: 'search', by, count: QUERIES })).cpuS * 1_000) / QUERIES
    try {
      const indexing = { ours: index('indexer'), theirs: index('lance') }
      await interleave(1, indexing) // warm
      const rates = await interleave(ROUNDS, indexing)
      const searching = { ours: search('indexer'), theirs: search('lance') }
      await interleave(1, searching) // warm
      const costs = await interleave(ROUNDS, searching)
      return [
        {
          ...{
            row: '26a',
            what: `rows of ${DIM} numbers stored, ${DOCS_PER_COMMIT} a commit`,
            unit: 'rows/s',
          },
          ours: { name: 'VectorIndexer', values: rates.ours },
          peer: { name: "LanceDB's add", values: rates.theirs },
          ...{ relation: '≥', must: 0.8 },
        },
        {
          ...{ row: '26b', what: `CPU of one exact query from disk, ${DOCS} rows`, unit: 'ms' },
          ours: { name: 'VectorIndexer', values: costs.ours },
          peer: { name: "LanceDB's scan", values: costs.theirs },
          ...{ relation: '≤', must: 1 },
        },
      ]
    } finally {
      await program.end()
    }
  },
}
