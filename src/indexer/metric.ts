/** How a score is named and computed: a distance, smaller is closer. */
export const metrics = ['cosine', 'l2', 'dot'] as const

/** How far apart two embeddings are. */
export type Metric = (typeof metrics)[number]

/** The largest distance of `cosine`, and the distance of a zero vector. */
const opposite = 2

/** A query vector, prepared for comparisons. */
export interface Probe {
  readonly vector: Float32Array
  /** Euclidean length. */
  readonly norm: number
}

/**
 * The score from a sum of products or, for `l2`, of squared differences; `norms` is the product of both lengths:
 *
 * - `cosine`: 1 − q·v / (|q| |v|), the cosine clamped to [−1, 1]; 2 where a vector is zero. DocArray instead adds ε = 10⁻⁷ to
 *   numerator and denominator, which gives zero vectors, and nearly also short ones, the smallest distance of all.
 * - `l2`: Σ (qᵢ − vᵢ)²
 * - `dot`: 1 − q·v
 *
 * Computed in double precision and rounded to float32, the type of scores on the wire.
 */
export function scoreOf(metric: Metric, sum: number, norms: number): number {
  if (metric === 'l2') return Math.fround(sum)
  if (metric === 'dot') return Math.fround(1 - sum)
  if (norms === 0) return opposite
  return Math.fround(1 - Math.min(1, Math.max(-1, sum / norms)))
}
