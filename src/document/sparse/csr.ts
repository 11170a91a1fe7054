import { MillraceError } from '../../errors.js'
import type { Dtype, TypedArray } from '../dtype.js'
import { compress, expand } from './compress.js'
import { CooMatrix } from './coo.js'
import { checkedShape, checkIndices, checkPointers, type IndexArray, indexArray } from './elements.js'
import { type Values, valuesDtype, valuesOf } from './elements.js'
import type { SparseMatrix } from './coo.js'
import { SparseRow } from './row.js'

/** Arguments of `new CsrMatrix`; for `CscMatrix` read columns for rows. */
export interface CompressedInit {
  /** [rows, columns] */
  readonly shape: readonly number[]
  /** Offset of each row in `indices` and `data`, and the end of the last row. */
  readonly indptr: ArrayLike<number>
  /** The column of each element. */
  readonly indices: ArrayLike<number>
  readonly data: Values
  readonly dtype?: Dtype
}

/**
 * A compressed sparse row matrix: the elements of row `i` are `data[indptr[i] … indptr[i + 1]]`, in the columns
 * `indices[…]`. The arrays are used without a copy.
 *
 * @example
 * const csr = new CsrMatrix({ shape: [2, 3], indptr: [0, 1, 3], indices: [2, 0, 1], data: [0.5, 1, 2] })
 * csr.row(1).values // Float64Array [1, 2]
 */
export class CsrMatrix implements SparseMatrix {
  readonly kind = 'sparse'
  readonly format = 'csr'
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
    checkPointers(this.indptr, this.shape[0], this.data.length)
    if (this.indices.length !== this.data.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `indices and data must be equally long, got ${this.indices.length} and ${this.data.length}.`,
      )
    }
    checkIndices(this.indices, this.shape[1], 'indices')
  }

  get nnz(): number {
    return this.data.length
  }

  /** Row `index` as a view; nothing is copied. Throws INVALID_INPUT outside the shape. */
  row(index: number): SparseRow {
    if (!(index >= 0 && index < this.shape[0])) {
      throw new MillraceError(
        'INVALID_INPUT',
        `There is no row ${index} in a matrix of ${this.shape[0]} rows.`,
      )
    }
    return new SparseRow(this, this.indptr[index], this.indptr[index + 1])
  }

  toCoo(): CooMatrix {
    const { shape, indptr, indices, data, dtype } = this
    return new CooMatrix({ shape, row: expand(indptr), column: indices, data, dtype })
  }

  /** Converts any sparse matrix to CSR; returns a CSR matrix unchanged. */
  static from(matrix: SparseMatrix): CsrMatrix {
    if (matrix instanceof CsrMatrix) return matrix
    if (matrix instanceof SparseRow) {
      const { shape, nnz, indices, values, dtype } = matrix
      return new CsrMatrix({ shape, indptr: [0, nnz], indices, data: values, dtype })
    }
    const { shape, row, column, data, dtype } = matrix.toCoo()
    return new CsrMatrix({ shape, dtype, ...compress(row, column, data, shape[0]) })
  }
}
