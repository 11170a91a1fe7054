import type { Metric, Probe } from './metric.js'
import type { Question } from './question.js'
import { type StoredRow, storedColumns, storedRows } from './rows.js'
import { scanRows } from './scan-rows.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'
import { Top } from './top.js'
import { Vectors } from './vectors.js'

/** The rows that LanceDB found for one query. */
export interface Candidates {
  readonly rows: readonly StoredRow[]
  /** The largest of their distances, as LanceDB computed it. */
  readonly farthest: number
}

export interface CandidateQuery extends Pick<Question, 'condition'> {
  readonly metric: Metric
  readonly probe: Probe
  readonly count: number
  /** Whether LanceDB looks at every row, even where the table has an approximate index. */
  readonly scansAll: boolean
}

/** The nearest rows as LanceDB sees them, at most `count`. Only for conditions that SQL can express in full. */
export async function candidatesOf(
  { table }: Version,
  { metric, probe, count, condition, scansAll }: CandidateQuery,
): Promise<Candidates> {
  const query = table
    .vectorSearch(probe.vector)
    .column('vector')
    .distanceType(metric)
    .limit(count)
    .select([...storedColumns, '_distance'])
  if (scansAll) query.bypassVectorIndex()
  else query.refineFactor(1)
  if (condition?.sql !== undefined) query.where(condition.sql)
  const rows: StoredRow[] = []
  let farthest = -Infinity
  for await (const batch of query) {
    rows.push(...storedRows(batch))
    for (const distance of batch.getChild('_distance')!) farthest = Math.max(farthest, distance as number)
  }
  return { rows, farthest }
}

/** Scores candidates exactly. Reuses its memory: allocating a WebAssembly memory costs more than scoring some rows. */
export class Rescoring {
  #vectors: Vectors | undefined

  /** The best `limit` of the rows, best first. */
  best(
    rows: readonly StoredRow[],
    { metric, probe, limit }: { metric: Metric; probe: Probe; limit: number },
  ): Hit[] {
    const dim = probe.vector.length
    if (this.#vectors?.dim !== dim) this.#vectors = new Vectors(dim)
    const vectors = this.#vectors
    vectors.reserve(rows.length)
    for (const [slot, { vector }] of rows.entries()) vectors.set(slot, vector)
    const top = new Top<Hit>(limit)
    const take = (slot: number, score: number): Hit => ({ ...rows[slot]!, score })
    const all = { vectors, from: 0, to: rows.length, mask: undefined }
    scanRows({ metric, probes: [probe], tops: [top], take }, all)
    return top.sorted()
  }
}
