import type { LengthRange } from './lengths.js'
import type { Metric, Probe } from './metric.js'

/** Between these lengths neither squares nor products leave the range in which float32 is precise. */
const precise: LengthRange = { min: 1e-12, max: 1e12 }

/** Relative rounding of float32. */
const unit = 2 ** -24

/**
 * How far a distance that was computed in float32, in any order of additions, may be from its exact score; undefined where there
 * is no such limit, because a vector is zero, nearly zero or very long.
 *
 * A sum of n products of float32 has an error of at most n · 2⁻²⁴ / (1 − n · 2⁻²⁴) of the sum of their absolute values (Higham,
 * Accuracy and Stability of Numerical Algorithms, 3.1), and that is at most |q||v|. The limits are four times that for n + 16
 * products: room for the three sums of a cosine, for (|q| + |v|)² instead of |q − v|², and for the rounding of our own scores.
 */
export function roundingOf(
  metric: Metric,
  { norm, vector }: Probe,
  lengths: LengthRange,
): number | undefined {
  const { min, max } = lengths
  if (!isPrecise(norm) || !isPrecise(min) || !isPrecise(max)) return undefined
  const relative = 4 * (vector.length + 16) * unit
  switch (metric) {
    case 'cosine':
      return relative
    case 'dot':
      return relative * (1 + norm * max)
    case 'l2':
      return relative * (norm + max) ** 2
  }
}

function isPrecise(length: number): boolean {
  return length >= precise.min && length <= precise.max
}
