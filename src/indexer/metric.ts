/** What a score is called and means: a distance, the smaller the closer. */
export const metrics = ['cosine', 'l2', 'dot'] as const

export type Metric = (typeof metrics)[number]

/** The largest distance by `cosine`, and that of a vector without a direction. */
const opposite = 2

/** What a query brings to every comparison. */
export interface Probe {
  readonly vector: Float32Array
  /** Length by Euclid. */
  readonly norm: number
}

/**
 * The score that a sum makes, of products or for `l2` of squared differences; `norms` is the product of both lengths:
 *
 * - `cosine`: 1 − q·v / (|q| |v|), the cosine cut to [−1, 1]; 2 where a vector is zero. DocArray adds ε = 10⁻⁷ above and below
 *   the line, by which zero vectors, and short ones nearly, have the smallest distance of all.
 * - `l2`: Σ (qᵢ − vᵢ)²
 * - `dot`: 1 − q·v
 *
 * Calculated in double precision and rounded to float32, which scores are on the wire.
 */
export function scoreOf(metric: Metric, sum: number, norms: number): number {
  if (metric === 'l2') return Math.fround(sum)
  if (metric === 'dot') return Math.fround(1 - sum)
  if (norms === 0) return opposite
  return Math.fround(1 - Math.min(1, Math.max(-1, sum / norms)))
}
