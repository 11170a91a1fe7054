import type { Metric } from './metric.js'
import { type Question, requireWanted } from './question.js'
import { type StoredRow, storedColumns, storedRows } from './rows.js'
import { scanRows } from './scan-rows.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'
import { Top } from './top.js'
import { Vectors } from './vectors.js'

/**
 * The nearest rows of each query by the approximate index: LanceDB gives `refine` candidates for each requested match, which
 * are then scored exactly. Rows not yet in the index are candidates as well. Only for conditions that SQL can express in
 * full.
 */
export async function searchIndex(
  { table, dim }: Version,
  { metric, question, refine }: { metric: Metric; question: Question; refine: number },
): Promise<Hit[][]> {
  const { probes, limit, condition, signal } = question
  const hits: Hit[][] = []
  // more than all rows may be a number that LanceDB cannot hold
  const candidates = Math.min(limit * refine, await table.countRows())
  for (const probe of probes) {
    requireWanted(signal)
    const query = table
      .vectorSearch(probe.vector)
      .column('vector')
      .distanceType(metric)
      .limit(candidates)
      .refineFactor(1)
      .select([...storedColumns, '_distance'])
    if (condition?.sql !== undefined) query.where(condition.sql)
    const rows: StoredRow[] = []
    for await (const batch of query) rows.push(...storedRows(batch))
    const vectors = new Vectors(dim)
    vectors.reserve(rows.length)
    for (const [slot, { vector }] of rows.entries()) vectors.set(slot, vector)
    const top = new Top<Hit>(limit)
    const take = (slot: number, score: number): Hit => ({ ...rows[slot]!, score })
    const all = { vectors, from: 0, to: rows.length, mask: undefined }
    scanRows({ metric, probes: [probe], tops: [top], take }, all)
    hits.push(top.sorted())
  }
  return hits
}
