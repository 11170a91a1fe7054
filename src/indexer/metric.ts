/** What a score is called and means: a distance, the smaller the closer. */
export const metrics = ['cosine', 'l2', 'dot'] as const

export type Metric = (typeof metrics)[number]

/** Keeps the cosine of zero vectors defined, as in DocArray. */
const epsilon = 1e-7

/** What a query brings to every comparison. */
export interface Probe {
  readonly vector: Float32Array
  /** The same numbers in double precision, in which they are calculated with. */
  readonly doubles: Float64Array
  readonly norm: number
}

/** Rows of vectors, one after the other. */
export interface Block {
  readonly vectors: Float32Array
  /** Lengths by Euclid; needed for `cosine` only. */
  readonly norms: Float64Array
  readonly dim: number
}

/** Some rows of a block, and where their scores go: one list a probe. */
export interface Range {
  readonly block: Block
  readonly from: number
  readonly to: number
  readonly scores: readonly Float64Array[]
}

export function probeOf(vector: Float32Array): Probe {
  return { vector, doubles: Float64Array.from(vector), norm: normOf(vector, 0, vector.length) }
}

/** Length by Euclid of the elements from `from` to `to`. */
export function normOf(vectors: Float32Array, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at++) sum += vectors[at]! * vectors[at]!
  return Math.sqrt(sum)
}

/**
 * Scores the rows of a range for every probe:
 *
 * - `cosine`: 1 − (q·v + ε) / (|q| |v| + ε), the cosine cut to [−1, 1], ε = 10⁻⁷
 * - `l2`: Σ (qᵢ − vᵢ)²
 * - `dot`: 1 − q·v
 *
 * A score depends on nothing but the two vectors: sums are in double precision, each from the first element to the last,
 * and the result is rounded to float32. So it is the same bits wherever a row is stored and whatever it is compared with.
 */
export function scoreRows(metric: Metric, probes: readonly Probe[], range: Range): void {
  const sum = metric === 'l2' ? sumSquares : sumProducts
  let first = 0
  if (metric !== 'l2') {
    for (; first + 4 <= probes.length; first += 4) sumFourProducts(probes, first, range)
  }
  for (; first < probes.length; first++) sum(probes[first]!.doubles, range, range.scores[first]!)
  for (const [index, probe] of probes.entries()) finish(metric, probe, range, range.scores[index]!)
}

function finish(metric: Metric, { norm }: Probe, { block, from, to }: Range, scores: Float64Array): void {
  const rows = to - from
  if (metric === 'l2') for (let at = 0; at < rows; at++) scores[at] = Math.fround(scores[at]!)
  else if (metric === 'dot') for (let at = 0; at < rows; at++) scores[at] = Math.fround(1 - scores[at]!)
  else {
    const { norms } = block
    for (let at = 0; at < rows; at++) {
      const cosine = (scores[at]! + epsilon) / (norm * norms[from + at]! + epsilon)
      scores[at] = Math.fround(1 - Math.min(1, Math.max(-1, cosine)))
    }
  }
}

// A sum waits for the one before it, so several are kept going at once: four rows of one query, or two rows of four.

function sumProducts(query: Float64Array, { block, from, to }: Range, sums: Float64Array): void {
  const { vectors, dim } = block
  let row = from
  for (; row + 4 <= to; row += 4) {
    const first = row * dim
    const second = first + dim
    const third = second + dim
    const fourth = third + dim
    let a = 0.0
    let b = 0.0
    let c = 0.0
    let d = 0.0
    for (let at = 0; at < dim; at++) {
      const value = query[at]!
      a += value * vectors[first + at]!
      b += value * vectors[second + at]!
      c += value * vectors[third + at]!
      d += value * vectors[fourth + at]!
    }
    sums[row - from] = a
    sums[row - from + 1] = b
    sums[row - from + 2] = c
    sums[row - from + 3] = d
  }
  for (; row < to; row++) {
    let sum = 0
    for (let at = 0; at < dim; at++) sum += query[at]! * vectors[row * dim + at]!
    sums[row - from] = sum
  }
}

function sumFourProducts(probes: readonly Probe[], which: number, { block, from, to, scores }: Range): void {
  const { vectors, dim } = block
  const [q0, q1, q2, q3] = probes.slice(which, which + 4).map(({ doubles }) => doubles) as Four
  const [s0, s1, s2, s3] = scores.slice(which, which + 4) as Four
  for (let row = from; row < to; row += 2) {
    const first = row * dim
    // of an odd last row the sums are made twice
    const second = row + 1 < to ? first + dim : first
    let a0 = 0
    let a1 = 0
    let a2 = 0
    let a3 = 0
    let b0 = 0
    let b1 = 0
    let b2 = 0
    let b3 = 0
    for (let at = 0; at < dim; at++) {
      const a = vectors[first + at]!
      const b = vectors[second + at]!
      a0 += a * q0[at]!
      a1 += a * q1[at]!
      a2 += a * q2[at]!
      a3 += a * q3[at]!
      b0 += b * q0[at]!
      b1 += b * q1[at]!
      b2 += b * q2[at]!
      b3 += b * q3[at]!
    }
    const place = row - from
    s0[place] = a0
    s1[place] = a1
    s2[place] = a2
    s3[place] = a3
    if (row + 1 === to) return
    s0[place + 1] = b0
    s1[place + 1] = b1
    s2[place + 1] = b2
    s3[place + 1] = b3
  }
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array]

function sumSquares(query: Float64Array, { block, from, to }: Range, sums: Float64Array): void {
  const { vectors, dim } = block
  for (let row = from; row < to; row += 2) {
    const first = row * dim
    const second = row + 1 < to ? first + dim : first
    let a = 0
    let b = 0
    for (let at = 0; at < dim; at++) {
      const value = query[at]!
      const one = value - vectors[first + at]!
      const two = value - vectors[second + at]!
      a += one * one
      b += two * two
    }
    sums[row - from] = a
    if (row + 1 < to) sums[row - from + 1] = b
  }
}
