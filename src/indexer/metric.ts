/** What a score is called and means: a distance, the smaller the closer. */
export const metrics = ['cosine', 'l2', 'dot'] as const

export type Metric = (typeof metrics)[number]

/** Keeps the cosine of zero vectors defined, as in DocArray. */
export const epsilon = 1e-7

/** What a query brings to every comparison. */
export interface Probe {
  readonly vector: Float32Array
  /** Length by Euclid. */
  readonly norm: number
}

/**
 * The score that a sum makes, of products or for `l2` of squared differences; `norms` is the product of both lengths:
 *
 * - `cosine`: 1 − (q·v + ε) / (|q| |v| + ε), the cosine cut to [−1, 1], ε = 10⁻⁷
 * - `l2`: Σ (qᵢ − vᵢ)²
 * - `dot`: 1 − q·v
 *
 * Calculated in double precision and rounded to float32, which scores are on the wire.
 */
export function scoreOf(metric: Metric, sum: number, norms: number): number {
  if (metric === 'l2') return Math.fround(sum)
  if (metric === 'dot') return Math.fround(1 - sum)
  return Math.fround(1 - Math.min(1, Math.max(-1, (sum + epsilon) / (norms + epsilon))))
}
