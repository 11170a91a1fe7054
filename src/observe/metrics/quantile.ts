import { countOf, type Distribution } from './histogram.js'

/** The observations of several histograms with the same bounds, as those of one; null when there is none. */
export function merged(all: readonly Distribution[]): Distribution | null {
  const [first, ...more] = all
  if (first === undefined) return null
  return {
    sum: all.reduce((sum, each) => sum + each.sum, 0),
    bounds: first.bounds,
    counts: first.counts.map((count, bucket) =>
      more.reduce((sum, each) => sum + (each.counts[bucket] ?? 0), count),
    ),
  }
}

/** What was observed since `before`; all that was observed when the histogram has begun anew since then. */
export function since(before: Distribution, now: Distribution): Distribution {
  const counts = now.counts.map((count, bucket) => count - (before.counts[bucket] ?? 0))
  if (counts.some((count) => count < 0)) return now
  return { sum: now.sum - before.sum, bounds: now.bounds, counts }
}

/**
 * The value below which a share `q` of the observations lies, as if those of a bucket were spread evenly over it, like
 * `histogram_quantile` of Prometheus: beyond the last bound it is that bound. Null without observations.
 */
export function quantile(distribution: Distribution, q: number): number | null {
  const { bounds, counts } = distribution
  const wanted = q * countOf(distribution)
  if (wanted === 0) return null
  let seen = 0
  for (const [bucket, upper] of bounds.entries()) {
    const count = counts[bucket]!
    if (count > 0 && seen + count >= wanted) {
      const lower = bounds[bucket - 1] ?? 0
      return lower + (upper - lower) * ((wanted - seen) / count)
    }
    seen += count
  }
  return bounds.at(-1) ?? null
}
