import { describe, expect, it } from 'vitest'
import {
  BsrMatrix,
  CooMatrix,
  CscMatrix,
  CsrMatrix,
  DocumentArray,
  NdArray,
  type SparseMatrix,
  toDense,
} from './index.js'

const coo = new CooMatrix({
  shape: [3, 4],
  row: [2, 0, 2],
  column: [3, 1, 0],
  data: Float32Array.of(1, 2, 3),
})
const list = [
  [0, 2, 0, 0],
  [0, 0, 0, 0],
  [3, 0, 0, 1],
]

describe('sparse matrices', () => {
  it.each([CsrMatrix, CscMatrix, BsrMatrix])('hold the same elements in every format', (format) => {
    const matrix = format.from(coo)
    expect(toDense(matrix).toList()).toEqual(list)
    expect([matrix.shape, matrix.nnz, matrix.dtype]).toEqual([[3, 4], 3, '<f4'])
    expect(toDense(CsrMatrix.from(matrix)).toList()).toEqual(list)
    expect(format.from(matrix as never)).toBe(matrix)
  })

  it('split into rows and stack again: CSR unchanged, others as CSR rows', () => {
    const docs = new DocumentArray([{}, {}, {}])
    for (const format of [CsrMatrix, CscMatrix, BsrMatrix, { from: (matrix: SparseMatrix) => matrix }]) {
      docs.embeddings = format.from(coo)
      expect(toDense(docs.embeddings as CsrMatrix).toList()).toEqual(list)
    }
  })

  it('stack in the format of the first', () => {
    const column = (at: number): CscMatrix =>
      new CscMatrix({ shape: [1, 2], indptr: at === 0 ? [0, 1, 1] : [0, 0, 1], indices: [0], data: [at + 1] })
    const docs = new DocumentArray([{ embedding: column(0) }, { embedding: column(1) }])
    const stacked = docs.embeddings as CscMatrix
    expect([stacked.format, toDense(stacked).toList()]).toEqual([
      'csc',
      [
        [1, 0],
        [0, 2],
      ],
    ])
  })

  it('stack rows that were picked from a matrix', () => {
    const docs = new DocumentArray([{}, {}, {}])
    docs.embeddings = CsrMatrix.from(coo)
    const some = docs.pick([2, 0]).embeddings as CsrMatrix
    expect(toDense(some).toList()).toEqual([list[2], list[0]])
  })

  it('have blocks', () => {
    const bsr = new BsrMatrix({
      shape: [2, 4],
      blockSize: [2, 2],
      indptr: [0, 1],
      indices: [1],
      data: [1, 2, 3, 4],
    })
    expect(toDense(bsr).toList()).toEqual([
      [0, 0, 1, 2],
      [0, 0, 3, 4],
    ])
  })

  it.each<[string, () => unknown]>([
    ['rows beyond the shape', () => new CooMatrix({ shape: [1, 1], row: [1], column: [0], data: [1] })],
    [
      'columns beyond the shape',
      () => new CsrMatrix({ shape: [1, 1], indptr: [0, 1], indices: [1], data: [1] }),
    ],
    ['indptr that falls', () => new CsrMatrix({ shape: [2, 1], indptr: [0, 2, 1], indices: [0], data: [1] })],
    [
      'indptr that is too short',
      () => new CsrMatrix({ shape: [2, 1], indptr: [0, 1], indices: [0], data: [1] }),
    ],
    ['unequal lengths', () => new CscMatrix({ shape: [1, 1], indptr: [0, 1], indices: [], data: [1] })],
    ['a shape of three', () => new CooMatrix({ shape: [1, 1, 1], row: [], column: [], data: [] })],
    [
      'blocks that do not tile',
      () => new BsrMatrix({ shape: [3, 4], blockSize: [2, 2], indptr: [0], indices: [], data: [] }),
    ],
    ['a row that is not there', () => CsrMatrix.from(coo).row(3)],
    ['a dense shape that does not fit', () => new NdArray({ data: new Float32Array(3), shape: [2] })],
    ['a dtype that does not fit', () => new NdArray({ data: new Float32Array(3), dtype: '<f8' })],
    ['a dense row that is not there', () => new NdArray({ data: new Float32Array(3) }).row(3)],
  ])('refuse %s', (_, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})
