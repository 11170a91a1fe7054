import { MillraceError } from '../../errors.js'
import type { Dtype, TypedArray } from '../dtype.js'
import { CooMatrix } from './coo.js'
import { CsrMatrix } from './csr.js'
import { checkedShape, checkIndices, checkPointers, type IndexArray, indexArray } from './elements.js'
import { type Values, valuesDtype, valuesOf } from './elements.js'
import type { SparseMatrix } from './coo.js'

/** Arguments of `new BsrMatrix`: a matrix of dense blocks, as in scipy. */
export interface BsrInit {
  /** [rows, columns], multiples of the block size. */
  readonly shape: readonly number[]
  /** [rows, columns] of one block. */
  readonly blockSize: readonly [number, number]
  /** Offset of each row of blocks in `indices`, and the end of the last one. */
  readonly indptr: ArrayLike<number>
  /** The column of each block, counted in blocks. */
  readonly indices: ArrayLike<number>
  /** The blocks, concatenated, each in C order. */
  readonly data: Values
  readonly dtype?: Dtype
}

/** A block sparse row matrix. The wire has no blocks: a decoded matrix has blocks of 1×1. */
export class BsrMatrix implements SparseMatrix {
  readonly kind = 'sparse'
  readonly format = 'bsr'
  readonly clsName = 'scipy'
  readonly shape: readonly [number, number]
  readonly blockSize: readonly [number, number]
  readonly indptr: IndexArray
  readonly indices: IndexArray
  readonly data: TypedArray
  readonly dtype: Dtype

  /** Throws INVALID_INPUT when the arrays are inconsistent with each other, the block size or the shape. */
  constructor(init: BsrInit) {
    this.shape = checkedShape(init.shape)
    this.blockSize = init.blockSize
    this.indptr = indexArray(init.indptr)
    this.indices = indexArray(init.indices)
    this.data = valuesOf(init.data)
    this.dtype = valuesDtype(this.data, init.dtype)
    const [height, width] = this.blockSize
    const blockRows = this.shape[0] / height
    const blockColumns = this.shape[1] / width
    if (!Number.isInteger(blockRows) || !Number.isInteger(blockColumns)) {
      throw new MillraceError(
        'INVALID_INPUT',
        `Blocks of [${height}, ${width}] do not tile [${this.shape.join(', ')}].`,
      )
    }
    if (this.indices.length * height * width !== this.data.length) {
      throw new MillraceError(
        'INVALID_INPUT',
        `${this.indices.length} blocks of [${height}, ${width}] do not make ${this.data.length} elements.`,
      )
    }
    checkPointers(this.indptr, blockRows, this.indices.length)
    checkIndices(this.indices, blockColumns, 'indices')
  }

  get nnz(): number {
    return this.data.length
  }

  toCoo(): CooMatrix {
    const { shape, indptr, indices, data, dtype } = this
    const [height, width] = this.blockSize
    const row = new Int32Array(data.length)
    const column = new Int32Array(data.length)
    let at = 0
    for (let blockRow = 0; blockRow + 1 < indptr.length; blockRow++) {
      for (let block = indptr[blockRow]!; block < indptr[blockRow + 1]!; block++) {
        for (let inner = 0; inner < height * width; inner++, at++) {
          row[at] = blockRow * height + Math.floor(inner / width)
          column[at] = indices[block]! * width + (inner % width)
        }
      }
    }
    return new CooMatrix({ shape, row, column, data, dtype })
  }

  /** Converts any sparse matrix to BSR with blocks of 1×1; returns a BSR matrix unchanged. */
  static from(matrix: SparseMatrix): BsrMatrix {
    if (matrix instanceof BsrMatrix) return matrix
    const { shape, indptr, indices, data, dtype } = CsrMatrix.from(matrix)
    return new BsrMatrix({ shape, blockSize: [1, 1], indptr, indices, data, dtype })
  }
}
