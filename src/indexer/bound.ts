import { codeLength } from './codes.js'
import type { Metric, Probe } from './metric.js'

/**
 * A row v whose code has a product with the query's below `base + inverse / |v| + direct · |v|` has a worse score than the
 * worst that is kept. It need not be scored.
 */
export interface Bound {
  readonly base: number
  readonly inverse: number
  readonly direct: number
}

const unit = codeLength * codeLength
/** More than what rounding to float32, and in double precision before, changes of a score, relatively. */
const slack = 1e-6
/** More than what float32 takes for 0. */
const underflow = 1e-44

/**
 * The bound that follows from `worst`, the worst score that is kept. The product of two codes is 32 000² cos(q, v) with an
 * error of at most 32 000² · `errorOf(dim)`. With `cos` for the largest that it can be then, a row is left out when its score
 * is worse than `worst` for certain:
 *
 * - `cosine`: 1 − cos − slack > worst; a zero vector has the code 0 and the score 2, so this is right for it as well
 * - `dot`: 1 − |q||v| cos − slack (1 + |q||v|) > worst
 * - `l2`: (1 − slack)(|q|² + |v|²) − 2 |q||v| cos − underflow > worst
 *
 * Where a length is 0 the bound may be no number, and no product is below it.
 */
export function boundOf(metric: Metric, { norm, vector }: Probe, worst: number): Bound {
  // there is room, or scores that are beyond float32 are equal
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

/** Of a row of this length. */
export function boundAt({ base, inverse, direct }: Bound, norm: number): number {
  return base + inverse / norm + direct * norm
}

/** Not above the bound of any row whose length lies between two; NaN, which nothing is below, when they do not tell. */
export function lowestBound(
  { base, inverse, direct }: Bound,
  { min, max }: { min: number; max: number },
): number {
  return base + inverse / (inverse > 0 ? max : min) + direct * min
}

/** Each number of a code is off by a half at most, and Σ|vᵢ| / |v| ≤ √dim. */
function errorOf(dim: number): number {
  return Math.sqrt(dim) / codeLength + dim / unit
}
