import { MillraceError } from '../errors.js'
import type { TypedArray } from './dtype.js'
import { toNumbers } from './float16.js'
import { CsrMatrix } from './sparse/csr.js'
import type { IndexArray } from './sparse/elements.js'
import type { Tensor } from './tensor.js'

/** Typed arrays whose elements are numbers. */
export type Numbers = Exclude<TypedArray, BigInt64Array | BigUint64Array>

/** A dense vector, prepared for computing. */
export class DenseVector {
  readonly kind = 'dense'
  /** The elements; shared with the embedding where these are numbers. */
  readonly values: Numbers
  #norm = -1

  constructor(values: Numbers) {
    this.values = values
  }

  /** Number of dimensions. */
  get size(): number {
    return this.values.length
  }

  /** Euclidean length; computed once. */
  get norm(): number {
    if (this.#norm < 0) this.#norm = lengthOf(this.values)
    return this.#norm
  }
}

/** A sparse vector, prepared for computing: columns are strictly ascending. */
export class SparseVector {
  readonly kind = 'sparse'
  readonly size: number
  readonly indices: IndexArray
  readonly values: Numbers
  #norm = -1

  constructor(size: number, indices: IndexArray, values: Numbers) {
    this.size = size
    this.indices = indices
    this.values = values
  }

  /** Euclidean length; computed once. */
  get norm(): number {
    if (this.#norm < 0) this.#norm = lengthOf(this.values)
    return this.#norm
  }
}

/** An embedding as `distance` functions see it. */
export type Vector = DenseVector | SparseVector

function lengthOf(values: Numbers): number {
  let sum = 0
  for (let at = 0; at < values.length; at++) sum += values[at]! * values[at]!
  return Math.sqrt(sum)
}

/** Converts a tensor of one row to a vector. Throws INVALID_INPUT for matrices of more rows and for raw tensors. */
export function toVector(tensor: Tensor): Vector {
  if (tensor.kind === 'dense') return new DenseVector(numbersOf(tensor))
  if (tensor.kind === 'raw' || tensor.shape[0] !== 1) {
    throw new MillraceError(
      'INVALID_INPUT',
      `A distance needs vectors; this is a ${tensor.kind} tensor of ${tensor.dtype} and shape [${tensor.shape.join(', ')}].`,
    )
  }
  const row = CsrMatrix.from(tensor)
  const { indices, values } = inOrder(row.indices, numbersOf(row))
  return new SparseVector(tensor.shape[1], indices, values)
}

function numbersOf({ data, dtype }: Pick<CsrMatrix, 'data' | 'dtype'>): Numbers {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return toNumbers(data, dtype)
  return dtype === '<f2' ? toNumbers(data, dtype) : data
}

/** Sorts by column and adds up repeated columns. */
function inOrder(indices: IndexArray, values: Numbers): { indices: IndexArray; values: Numbers } {
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
