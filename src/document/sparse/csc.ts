import { MillraceError } from '../../errors.js'
import type { Dtype, TypedArray } from '../dtype.js'
import { compress, expand } from './compress.js'
import { CooMatrix } from './coo.js'
import type { CompressedInit } from './csr.js'
import { checkedShape, checkIndices, checkPointers, type IndexArray, indexArray } from './elements.js'
import { valuesDtype, valuesOf } from './elements.js'
import type { SparseMatrix } from './coo.js'

/** A compressed sparse column matrix: like CsrMatrix, with `indptr` for columns and row numbers in `indices`. */
export class CscMatrix implements SparseMatrix {
  readonly kind = 'sparse'
  readonly format = 'csc'
  readonly clsName = 'scipy'
  readonly shape: readonly [number, number]
  readonly indptr: IndexArray
  readonly indices: IndexArray
  readonly data: TypedArray
  readonly dtype: Dtype

  /** Throws INVALID_INPUT when the arrays are inconsistent with each other or the shape. */
  constructor(init: CompressedInit) {
    this.shape = checkedShape(init.shape)
    this.indptr = indexArray(init.indptr)
    this.indices = indexArray(init.indices)
    this.data = valuesOf(init.data)
    this.dtype = valuesDtype(this.data, init.dtype)
    checkPointers(this.indptr, this.shape[1], this.data.length)
    if (this.indices.length !== this.data.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `indices and data must be equally long, got ${this.indices.length} and ${this.data.length}.`,
      )
    }
    checkIndices(this.indices, this.shape[0], 'indices')
  }

  get nnz(): number {
    return this.data.length
  }

  toCoo(): CooMatrix {
    const { shape, indptr, indices, data, dtype } = this
    return new CooMatrix({ shape, row: indices, column: expand(indptr), data, dtype })
  }

  /** Converts any sparse matrix to CSC; returns a CSC matrix unchanged. */
  static from(matrix: SparseMatrix): CscMatrix {
    if (matrix instanceof CscMatrix) return matrix
    const { shape, row, column, data, dtype } = matrix.toCoo()
    return new CscMatrix({ shape, dtype, ...compress(column, row, data, shape[1]) })
  }
}
