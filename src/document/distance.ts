import type { SparseVector, Vector } from './vector.js'

/** A distance of two vectors of the same kind and size: smaller is closer. */
export type MetricFunction = (left: Vector, right: Vector) => number

export const metrics = { cosine, euclidean, sqeuclidean } satisfies Record<string, MetricFunction>

/** Name of a built-in distance of two vectors. */
export type MetricName = keyof typeof metrics

/** Keeps the cosine of zero vectors defined, as DocArray does for dense vectors. */
const epsilon = 1e-7

/** 1 − cosine of the angle, between 0 and 2. A sparse zero vector is at distance 1 from everything. */
function cosine(left: Vector, right: Vector): number {
  const product = dot(left, right)
  const norms = left.norm * right.norm
  if (left.kind === 'sparse') return norms === 0 ? 1 : 1 - clip(product / norms)
  return 1 - clip((product + epsilon) / (norms + epsilon))
}

function euclidean(left: Vector, right: Vector): number {
  return Math.sqrt(sqeuclidean(left, right))
}

function sqeuclidean(left: Vector, right: Vector): number {
  let sum = 0
  if (left.kind === 'sparse') {
    pairUp(left, right as SparseVector, (one, two) => (sum += (one - two) ** 2))
    return sum
  }
  const { values } = left
  const other = right.values
  for (let at = 0; at < values.length; at++) sum += (values[at]! - other[at]!) ** 2
  return sum
}

function dot(left: Vector, right: Vector): number {
  let sum = 0
  if (left.kind === 'sparse') {
    pairUp(left, right as SparseVector, (one, two) => (sum += one * two))
    return sum
  }
  const { values } = left
  const other = right.values
  for (let at = 0; at < values.length; at++) sum += values[at]! * other[at]!
  return sum
}

/** Walks two sparse vectors in parallel; a missing element is 0. */
function pairUp(left: SparseVector, right: SparseVector, visit: (left: number, right: number) => void): void {
  let one = 0
  let two = 0
  while (one < left.indices.length || two < right.indices.length) {
    const leftColumn = left.indices[one] ?? Infinity
    const rightColumn = right.indices[two] ?? Infinity
    if (leftColumn === rightColumn) visit(left.values[one++]!, right.values[two++]!)
    else if (leftColumn < rightColumn) visit(left.values[one++]!, 0)
    else visit(0, right.values[two++]!)
  }
}

function clip(value: number): number {
  return Math.min(1, Math.max(-1, value))
}
