import { type Metric, normOf, type Probe, scoreRows } from './metric.js'
import { type Question, requireWanted } from './question.js'
import { type StoredRow, storedColumns, storedRows } from './rows.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'
import { Top } from './top.js'

/**
 * The nearest rows of each query by the approximate index: LanceDB gives `refine` candidates for each match asked for, and
 * those are scored again as everywhere else. Rows that the index does not have yet are among the candidates too. For
 * conditions that SQL can say.
 */
export async function searchIndex(
  { table, dim }: Version,
  { metric, question, refine }: { metric: Metric; question: Question; refine: number },
): Promise<Hit[][]> {
  const { probes, limit, condition, signal } = question
  const hits: Hit[][] = []
  for (const probe of probes) {
    requireWanted(signal)
    const query = table
      .vectorSearch(probe.vector)
      .column('vector')
      .distanceType(metric)
      .limit(limit * refine)
      .refineFactor(1)
      .select([...storedColumns, '_distance'])
    if (condition?.sql !== undefined) query.where(condition.sql)
    const top = new Top<Hit>(limit)
    for await (const batch of query) {
      for (const row of storedRows(batch)) top.offer({ ...row, score: scoreOf(row, { metric, probe, dim }) })
    }
    hits.push(top.sorted())
  }
  return hits
}

function scoreOf(
  { vector }: StoredRow,
  { metric, probe, dim }: { metric: Metric; probe: Probe; dim: number },
): number {
  const scores = [new Float64Array(1)]
  const norms = Float64Array.of(normOf(vector, 0, dim))
  scoreRows(metric, [probe], { block: { vectors: vector, norms, dim }, from: 0, to: 1, scores })
  return scores[0]![0]!
}
