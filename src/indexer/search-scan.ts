import { candidatesOf, type Rescoring } from './candidates.js'
import type { LengthRange } from './lengths.js'
import type { Metric, Probe } from './metric.js'
import { type Question, requireWanted } from './question.js'
import { roundingOf } from './rounding.js'
import type { Hit } from './search-memory.js'
import type { Version } from './store.js'

/** With more queries in one request it is cheaper to read all rows once. */
const fewProbes = 8

/** Candidates for so many wanted matches, in a first and in a second attempt. */
const first = (limit: number): number => limit + (limit >> 2) + 8
const second = (limit: number): number => 9 * limit + 256

interface ScanInit {
  readonly metric: Metric
  readonly question: Question
  readonly lengths: LengthRange
  readonly rescoring: Rescoring
}

/** Whether `searchScan` is worth trying: few queries, and far more rows than candidates. */
export function isForScan({ probes, limit, condition }: Question, rows: number): boolean {
  return probes.length <= fewProbes && condition?.exact !== false && rows >= 4 * second(limit)
}

/**
 * The nearest rows of each query, exactly, for an eighth of what reading all rows into JavaScript costs: LanceDB scans the table,
 * and its nearest rows are scored again.
 *
 * Its distances are rounded otherwise than our scores, by a known limit. When the farthest candidate is farther than the worst
 * match by more than this limit, then so are all rows that are no candidates, and the result is that of `searchDisk`, to the last
 * bit. Resolves with undefined when that cannot be shown, as with many equal vectors.
 */
export async function searchScan(version: Version, init: ScanInit): Promise<Hit[][] | undefined> {
  const hits: Hit[][] = []
  for (const probe of init.question.probes) {
    const found = await nearest(version, probe, init)
    if (found === undefined) return undefined
    hits.push(found)
  }
  return hits
}

async function nearest(
  version: Version,
  probe: Probe,
  { metric, question: { limit, condition, signal }, lengths, rescoring }: ScanInit,
): Promise<Hit[] | undefined> {
  const rounding = roundingOf(metric, probe, lengths)
  if (rounding === undefined) return undefined
  for (const count of [first(limit), second(limit)]) {
    requireWanted(signal)
    const query = { metric, probe, count, condition, scansAll: true }
    const { rows, farthest } = await candidatesOf(version, query)
    const best = rescoring.best(rows, { metric, probe, limit })
    if (rows.length < count || (best.length === limit && farthest - rounding > best.at(-1)!.score))
      return best
  }
  return undefined
}
