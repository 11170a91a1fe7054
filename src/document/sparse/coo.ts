import { MillraceError } from '../../errors.js'
import type { Dtype, TypedArray } from '../dtype.js'
import { checkedShape, checkIndices, type IndexArray, indexArray } from './elements.js'
import { type Values, valuesDtype, valuesOf } from './elements.js'

/** Formats of scipy that travel between Executors. */
export type SparseFormat = 'csr' | 'csc' | 'coo' | 'bsr'

/** The common properties of scipy's sparse formats. */
export interface SparseMatrix {
  readonly kind: 'sparse'
  readonly format: SparseFormat
  /** [rows, columns] */
  readonly shape: readonly [number, number]
  /** Number of stored elements. */
  readonly nnz: number
  readonly dtype: Dtype
  /** The class that a Python reader makes: `scipy` (default), `torch`, `tensorflow`, `paddle`. */
  readonly clsName: string
  /** The same elements as triples of row, column and value. */
  toCoo(): CooMatrix
}

/** Arguments of `new CooMatrix`: elements with their positions, as in scipy. */
export interface CooInit {
  /** [rows, columns] */
  readonly shape: readonly number[]
  /** The row of each element. */
  readonly row: ArrayLike<number>
  /** The column of each element. */
  readonly column: ArrayLike<number>
  /** The elements, in any order. */
  readonly data: Values
  readonly dtype?: Dtype
  readonly clsName?: string
}

/** A sparse matrix as triples: element `i` is `data[i]` at `row[i]`, `column[i]`. Repeated positions add up. */
export class CooMatrix implements SparseMatrix {
  readonly kind = 'sparse'
  readonly format = 'coo'
  readonly shape: readonly [number, number]
  readonly row: IndexArray
  readonly column: IndexArray
  readonly data: TypedArray
  readonly dtype: Dtype
  readonly clsName: string

  /** Throws INVALID_INPUT when lengths differ or an index is out of range. */
  constructor(init: CooInit) {
    this.shape = checkedShape(init.shape)
    this.row = indexArray(init.row)
    this.column = indexArray(init.column)
    this.data = valuesOf(init.data)
    this.dtype = valuesDtype(this.data, init.dtype)
    this.clsName = init.clsName ?? 'scipy'
    if (this.row.length !== this.data.length || this.column.length !== this.data.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `row, column and data must be equally long, got ${this.row.length}, ${this.column.length}, ${this.data.length}.`,
      )
    }
    checkIndices(this.row, this.shape[0], 'row')
    checkIndices(this.column, this.shape[1], 'column')
  }

  get nnz(): number {
    return this.data.length
  }

  toCoo(): CooMatrix {
    return this
  }
}
