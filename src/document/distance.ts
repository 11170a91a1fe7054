import { MillraceError } from '../errors.js'
import { toNumbers } from './float16.js'
import type { IndexArray } from './sparse/matrix.js'
import { CsrMatrix } from './sparse/csr.js'
import type { Tensor } from './tensor.js'

/** A dense vector for calculating. */
export interface DenseVector {
  readonly kind: 'dense'
  readonly size: number
  readonly values: Float64Array
}

/** A sparse vector for calculating: columns rise strictly. */
export interface SparseVector {
  readonly kind: 'sparse'
  readonly size: number
  readonly indices: IndexArray
  readonly values: Float64Array
}

export type Vector = DenseVector | SparseVector

/** A distance of two vectors of the same kind and size: the smaller, the closer. */
export type MetricFunction = (left: Vector, right: Vector) => number

export const metrics = { cosine, euclidean, sqeuclidean } satisfies Record<string, MetricFunction>

export type MetricName = keyof typeof metrics

/** Keeps the cosine of zero vectors defined, as DocArray does for dense ones. */
const epsilon = 1e-7

/** 1 − cosine of the angle, between 0 and 2. A sparse zero vector is at distance 1 from everything. */
export function cosine(left: Vector, right: Vector): number {
  const product = dot(left, right)
  const norms = Math.sqrt(dot(left, left) * dot(right, right))
  if (left.kind === 'sparse') return norms === 0 ? 1 : 1 - clip(product / norms)
  return 1 - clip((product + epsilon) / (norms + epsilon))
}

export function euclidean(left: Vector, right: Vector): number {
  return Math.sqrt(sqeuclidean(left, right))
}

export function sqeuclidean(left: Vector, right: Vector): number {
  let sum = 0
  if (left.kind === 'dense') {
    const other = right.values
    for (let at = 0; at < left.values.length; at++) sum += (left.values[at]! - other[at]!) ** 2
    return sum
  }
  pairUp(left, right as SparseVector, (one, two) => (sum += (one - two) ** 2))
  return sum
}

function dot(left: Vector, right: Vector): number {
  let sum = 0
  if (left.kind === 'dense') {
    const other = right.values
    for (let at = 0; at < left.values.length; at++) sum += left.values[at]! * other[at]!
    return sum
  }
  pairUp(left, right as SparseVector, (one, two) => (sum += one * two))
  return sum
}

/** Walks two sparse vectors in step; where one has nothing it is 0. */
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

/** A tensor of one row as a vector. Throws INVALID_INPUT for matrices of more rows and for raw tensors. */
export function toVector(tensor: Tensor): Vector {
  if (tensor.kind === 'dense') return { kind: 'dense', size: tensor.size, values: tensor.toFloat64() }
  if (tensor.kind === 'raw' || tensor.shape[0] !== 1) {
    throw new MillraceError(
      'INVALID_INPUT',
      `A distance needs vectors; this is a ${tensor.kind} tensor of ${tensor.dtype} and shape [${tensor.shape.join(', ')}].`,
    )
  }
  const { indices, data, dtype } = CsrMatrix.from(tensor)
  const values = toNumbers(data, dtype)
  return { kind: 'sparse', size: tensor.shape[1], ...inOrder(indices, values) }
}

/** Sorted by column, repeated columns added up. */
function inOrder(indices: IndexArray, values: Float64Array): { indices: IndexArray; values: Float64Array } {
  let rising = true
  for (let at = 1; at < indices.length && rising; at++) rising = indices[at]! > indices[at - 1]!
  if (rising) return { indices, values }
  const sums = new Map<number, number>()
  for (const [at, column] of indices.entries()) sums.set(column, (sums.get(column) ?? 0) + values[at]!)
  const columns = [...sums.keys()].sort((left, right) => left - right)
  return {
    indices: indices instanceof Uint32Array ? Uint32Array.from(columns) : Int32Array.from(columns),
    values: Float64Array.from(columns, (column) => sums.get(column)!),
  }
}
