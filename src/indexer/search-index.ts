import { candidatesOf, type Rescoring } from './candidates.js'
import type { Metric } from './metric.js'
import { type Question, requireWanted } from './question.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'

interface IndexSearch {
  readonly metric: Metric
  readonly question: Question
  readonly refine: number
  readonly rescoring: Rescoring
}

/**
 * The nearest rows of each query by the approximate index: LanceDB gives `refine` candidates for each requested match, which
 * are then scored exactly. Rows not yet in the index are candidates as well. Only for conditions that SQL can express in
 * full.
 */
export async function searchIndex(
  version: Version,
  { metric, question, refine, rescoring }: IndexSearch,
): Promise<Hit[][]> {
  const { probes, limit, condition, signal } = question
  const hits: Hit[][] = []
  // more than all rows may be a number that LanceDB cannot hold
  const count = Math.min(limit * refine, await version.table.countRows())
  for (const probe of probes) {
    requireWanted(signal)
    const { rows } = await candidatesOf(version, { metric, probe, count, condition, scansAll: false })
    hits.push(rescoring.best(rows, { metric, probe, limit }))
  }
  return hits
}
