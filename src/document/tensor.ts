import { MillraceError } from '../errors.js'
import { isTypedArray, type TypedArray } from './dtype.js'
import { NdArray } from './nd-array.js'
import { flatten } from './nested.js'
import type { NestedNumbers } from './nd-array.js'
import type { SparseMatrix } from './sparse/coo.js'

/**
 * A tensor of an unsupported kind (complex numbers, dates, sparse tensors that are not matrices): its bytes are passed on
 * unchanged.
 */
export class RawTensor {
  readonly kind = 'raw'
  /** A NdArrayProto. */
  readonly bytes: Uint8Array
  readonly shape: readonly number[]
  /** Numpy's typestr, as received. */
  readonly dtype: string
  readonly clsName: string

  constructor(init: { bytes: Uint8Array; shape: readonly number[]; dtype: string; clsName: string }) {
    this.bytes = init.bytes
    this.shape = init.shape
    this.dtype = init.dtype
    this.clsName = init.clsName
  }
}

/** The value of `tensor` and `embedding`. Distinguished by `kind`: 'dense', 'sparse' or 'raw'. */
export type Tensor = NdArray | SparseMatrix | RawTensor

/** Values that can be assigned to `tensor` and `embedding`; lists become float64. */
export type TensorLike = Tensor | TypedArray | readonly NestedNumbers[]

export function isTensor(value: unknown): value is Tensor {
  if (value instanceof NdArray || value instanceof RawTensor) return true
  return typeof value === 'object' && value !== null && 'toCoo' in value && typeof value.toCoo === 'function'
}

/** Throws INVALID_INPUT for values that are not tensors. */
export function toTensor(value: TensorLike): Tensor {
  if (isTensor(value)) return value
  if (isTypedArray(value)) return new NdArray({ data: value })
  if (Array.isArray(value)) return new NdArray(flatten(value))
  const came = value === null ? 'null' : typeof value
  throw new MillraceError(
    'INVALID_INPUT',
    `A tensor is an NdArray, a sparse matrix, a typed array or a list of numbers, got ${came}.`,
  )
}
