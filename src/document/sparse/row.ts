import type { Dtype, TypedArray } from '../dtype.js'
import { CooMatrix } from './coo.js'
import type { IndexArray } from './elements.js'
import type { SparseMatrix } from './coo.js'

/** The arrays that a row is a part of. */
export interface RowSource {
  readonly shape: readonly [number, number]
  readonly indices: IndexArray
  readonly data: TypedArray
  readonly dtype: Dtype
}

/**
 * A row of a CSR matrix: a 1×N matrix that shares the memory of the whole. `indices` are column numbers, `values` the
 * elements; both are views created on access, because most rows are only ever encoded.
 */
export class SparseRow implements SparseMatrix {
  readonly kind = 'sparse'
  readonly format = 'csr'
  /** The matrix, and the range of its elements that make up this row. */
  readonly source: RowSource
  readonly start: number
  readonly end: number

  constructor(source: RowSource, start = 0, end: number = source.data.length) {
    this.source = source
    this.start = start
    this.end = end
  }

  get clsName(): string {
    return 'scipy'
  }

  get dtype(): Dtype {
    return this.source.dtype
  }

  get shape(): readonly [1, number] {
    return [1, this.source.shape[1]]
  }

  get nnz(): number {
    return this.end - this.start
  }

  get indices(): IndexArray {
    return this.source.indices.subarray(this.start, this.end)
  }

  get values(): TypedArray {
    return this.source.data.subarray(this.start, this.end)
  }

  toCoo(): CooMatrix {
    const { shape, indices, values, dtype } = this
    return new CooMatrix({ shape, row: new Int32Array(values.length), column: indices, data: values, dtype })
  }
}
