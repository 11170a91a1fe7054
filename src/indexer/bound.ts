import { codeLength } from './codes.js'
import type { Metric, Probe } from './metric.js'

/**
 * A lower bound for codes: a row v whose code has a product with the query's code below
 * `base + inverse / |v| + direct · |v|` scores worse than the worst row that is kept, so it need not be scored.
 */
export interface Bound {
  readonly base: number
  readonly inverse: number
  readonly direct: number
}

const unit = codeLength * codeLength
/** Above the relative change of a score by rounding to float32, and by rounding in double precision before that. */
const slack = 1e-6
/** Above the largest number that float32 rounds to 0. */
const underflow = 1e-44

/**
 * The bound that follows from `worst`, the worst score that is kept. The product of two codes is 32 000² cos(q, v) with an
 * error of at most 32 000² · `errorOf(dim)`. Let `cos` be the largest cosine that agrees with the product. A row is skipped
 * when its score is certainly worse than `worst`:
 *
 * - `cosine`: 1 − cos − slack > worst; also right for a zero vector, which has the code 0 and the score 2
 * - `dot`: 1 − |q||v| cos − slack (1 + |q||v|) > worst
 * - `l2`: (1 − slack)(|q|² + |v|²) − 2 |q||v| cos − underflow > worst
 *
 * Where a length is 0 the bound may be NaN, and no product is below NaN.
 */
export function boundOf(metric: Metric, { norm, vector }: Probe, worst: number): Bound {
  // fewer than `limit` rows are kept, or scores beyond float32 are equal
  if (!Number.isFinite(worst)) return { base: Number.NaN, inverse: 0, direct: 0 }
  const error = errorOf(vector.length)
  switch (metric) {
    case 'cosine':
      return { base: unit * (1 - worst - slack - error), inverse: 0, direct: 0 }
    case 'dot':
      return { base: -unit * (error + slack), inverse: (unit * (1 - slack - worst)) / norm, direct: 0 }
    case 'l2':
      return {
        base: -unit * error,
        inverse: (unit * ((1 - slack) * norm * norm - worst - underflow)) / (2 * norm),
        direct: (unit * (1 - slack)) / (2 * norm),
      }
  }
}

/** The bound for a row of this length. */
export function boundAt({ base, inverse, direct }: Bound, norm: number): number {
  return base + inverse / norm + direct * norm
}

/** At most the bound of any row whose length lies between the two; NaN, which nothing is below, when there is no such bound. */
export function lowestBound(
  { base, inverse, direct }: Bound,
  { min, max }: { min: number; max: number },
): number {
  return base + inverse / (inverse > 0 ? max : min) + direct * min
}

/** Each number of a code is off by at most a half, and Σ|vᵢ| / |v| ≤ √dim. */
function errorOf(dim: number): number {
  return Math.sqrt(dim) / codeLength + dim / unit
}
