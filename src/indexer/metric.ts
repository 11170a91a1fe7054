/** What a score is called and means: a distance, the smaller the closer. */
export const metrics = ['cosine', 'l2', 'dot'] as const

export type Metric = (typeof metrics)[number]

/** Keeps the cosine of zero vectors defined, as in DocArray. */
const epsilon = 1e-7

/** What a query brings to every comparison. */
export interface Probe {
  readonly vector: Float32Array
  readonly norm: number
}

/** Rows of vectors, one after the other. */
export interface Block {
  readonly vectors: Float32Array
  /** Lengths by Euclid; needed for `cosine` only. */
  readonly norms: Float64Array
  readonly dim: number
}

export function probeOf(vector: Float32Array): Probe {
  return { vector, norm: normOf(vector, 0, vector.length) }
}

/** Length by Euclid of the elements from `from` to `to`. */
export function normOf(vectors: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at++) sum += vectors[at]! * vectors[at]!
  return Math.sqrt(sum)
}

/**
 * Scores of the rows `from` to `to` into `scores`, from its beginning:
 *
 * - `cosine`: 1 − (q·v + ε) / (|q| |v| + ε), the cosine cut to [−1, 1], ε = 10⁻⁷
 * - `l2`: Σ (qᵢ − vᵢ)²
 * - `dot`: 1 − q·v
 *
 * A score depends on nothing but the two vectors: sums are in double precision, each from the first element to the last,
 * and the result is rounded to float32. So it is the same bits wherever a row is stored and whatever it is compared with.
 */
export function scoreRows(
  metric: Metric,
  probe: Probe,
  { block, from, to, scores }: { block: Block; from: number; to: number; scores: Float64Array },
): void {
  const rows = to - from
  if (metric === 'l2') {
    sumSquares(probe.vector, block, from, rows, scores)
    for (let at = 0; at < rows; at++) scores[at] = Math.fround(scores[at]!)
    return
  }
  sumProducts(probe.vector, block, from, rows, scores)
  if (metric === 'dot') {
    for (let at = 0; at < rows; at++) scores[at] = Math.fround(1 - scores[at]!)
    return
  }
  for (let at = 0; at < rows; at++) {
    const cosine = (scores[at]! + epsilon) / (probe.norm * block.norms[from + at]! + epsilon)
    scores[at] = Math.fround(1 - Math.min(1, Math.max(-1, cosine)))
  }
}

/** Four rows at once: four sums that do not wait for each other. */
function sumProducts(
  query: Float32Array,
  block: Block,
  from: number,
  rows: number,
  sums: Float64Array,
): void {
  const { vectors, dim } = block
  let row = 0
  for (; row + 3 < rows; row += 4) {
    let [a, b, c, d] = [0, 0, 0, 0]
    const first = (from + row) * dim
    const second = first + dim
    const third = second + dim
    const fourth = third + dim
    for (let at = 0; at < dim; at++) {
      const value = query[at]!
      a += value * vectors[first + at]!
      b += value * vectors[second + at]!
      c += value * vectors[third + at]!
      d += value * vectors[fourth + at]!
    }
    sums[row] = a
    sums[row + 1] = b
    sums[row + 2] = c
    sums[row + 3] = d
  }
  for (; row < rows; row++) {
    let sum = 0
    const first = (from + row) * dim
    for (let at = 0; at < dim; at++) sum += query[at]! * vectors[first + at]!
    sums[row] = sum
  }
}

function sumSquares(query: Float32Array, block: Block, from: number, rows: number, sums: Float64Array): void {
  const { vectors, dim } = block
  for (let row = 0; row < rows; row++) {
    let sum = 0
    const first = (from + row) * dim
    for (let at = 0; at < dim; at++) {
      const difference = query[at]! - vectors[first + at]!
      sum += difference * difference
    }
    sums[row] = sum
  }
}
