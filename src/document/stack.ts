import { MillraceError } from '../errors.js'
import { emptyArray, isTypedArray, type TypedArray } from './dtype.js'
import { NdArray } from './nd-array.js'
import { CsrMatrix } from './sparse/csr.js'
import { BsrMatrix } from './sparse/bsr.js'
import { CooMatrix } from './sparse/coo.js'
import { CscMatrix } from './sparse/csc.js'
import type { SparseMatrix } from './sparse/coo.js'
import { SparseRow } from './sparse/row.js'
import { isTensor, type Tensor, type TensorLike, toTensor } from './tensor.js'

/** Stacks tensors into one; a list where they do not fit together or one is missing; undefined where all are missing. */
export type Stacked = NdArray | SparseMatrix | (Tensor | undefined)[] | undefined

/**
 * Stacks like numpy and scipy. Dense tensors get a new first dimension; the result shares their memory when they lie behind each
 * other, and is a copy otherwise. Matrices are stacked vertically, in the format of the first. Tensors that do not fit (shapes,
 * kinds, missing ones) stay a list.
 */
export function stack(tensors: readonly (Tensor | undefined)[]): Stacked {
  const first = tensors.find((tensor) => tensor !== undefined)
  if (first === undefined) return undefined
  if (first.kind === 'dense' && tensors.every((tensor) => fits(tensor, first))) {
    return stackDense(tensors as readonly NdArray[], first)
  }
  if (first.kind === 'sparse' && tensors.every((tensor) => isBelow(tensor, first))) {
    return stackSparse(tensors as readonly SparseMatrix[], first)
  }
  return [...tensors]
}

function fits(tensor: Tensor | undefined, first: NdArray): boolean {
  return (
    tensor?.kind === 'dense' && tensor.dtype === first.dtype && String(tensor.shape) === String(first.shape)
  )
}

function isBelow(tensor: Tensor | undefined, first: SparseMatrix): boolean {
  return tensor?.kind === 'sparse' && tensor.dtype === first.dtype && tensor.shape[1] === first.shape[1]
}

function stackDense(arrays: readonly NdArray[], first: NdArray): NdArray {
  const whole = consecutive(arrays, first)
  if (whole !== undefined) return whole
  const data = emptyArray(first.dtype, arrays.length * first.size)
  for (const [index, array] of arrays.entries()) copy(data, array.data, index * first.size)
  const { dtype, clsName } = first
  return new NdArray({ data, shape: [arrays.length, ...first.shape], dtype, clsName })
}

/** A view of all arrays, where each begins in memory where the one before it ends: then nothing is copied. */
function consecutive(arrays: readonly NdArray[], first: NdArray): NdArray | undefined {
  const { buffer, byteOffset, byteLength } = first.data
  if (byteLength === 0) return undefined
  for (let at = 1; at < arrays.length; at++) {
    const { data } = arrays[at]!
    if (data.buffer !== buffer || data.byteOffset !== byteOffset + at * byteLength) return undefined
  }
  const View = first.data.constructor as Float64ArrayConstructor
  const data: TypedArray = new View(buffer as ArrayBuffer, byteOffset, arrays.length * first.size)
  const { dtype, clsName } = first
  return new NdArray({ data, shape: [arrays.length, ...first.shape], dtype, clsName })
}

function stackSparse(matrices: readonly SparseMatrix[], first: SparseMatrix): SparseMatrix {
  const csr =
    wholeOf(matrices) ??
    concatenate(
      matrices.map((matrix) => CsrMatrix.from(matrix)),
      first,
    )
  if (first.format === 'csc') return CscMatrix.from(csr)
  if (first.format === 'bsr') return BsrMatrix.from(csr)
  if (first.format === 'coo') {
    const { shape, row, column, data, dtype } = csr.toCoo()
    return new CooMatrix({ shape, row, column, data, dtype, clsName: first.clsName })
  }
  return csr
}

/** The matrix, when these are all of its rows in order: then nothing is copied. */
function wholeOf(rows: readonly SparseMatrix[]): CsrMatrix | undefined {
  const first = rows[0]
  if (!(first instanceof SparseRow && first.source instanceof CsrMatrix)) return undefined
  const { source } = first
  if (source.shape[0] !== rows.length) return undefined
  const inPlace = rows.every(
    (row, index) =>
      row instanceof SparseRow &&
      row.source === source &&
      row.start === source.indptr[index] &&
      row.end === source.indptr[index + 1],
  )
  return inPlace ? source : undefined
}

function concatenate(matrices: readonly CsrMatrix[], first: SparseMatrix): CsrMatrix {
  const rows = matrices.reduce((sum, matrix) => sum + matrix.shape[0], 0)
  const stored = matrices.reduce((sum, matrix) => sum + matrix.nnz, 0)
  const indptr = new Int32Array(rows + 1)
  const indices = first.shape[1] > 2 ** 31 ? new Uint32Array(stored) : new Int32Array(stored)
  const data = emptyArray(first.dtype, stored)
  let stacked = 0
  let at = 0
  for (const matrix of matrices) {
    for (let row = 1; row < matrix.indptr.length; row++) indptr[++stacked] = at + matrix.indptr[row]!
    indices.set(matrix.indices, at)
    copy(data, matrix.data, at)
    at += matrix.nnz
  }
  return new CsrMatrix({ shape: [rows, first.shape[1]], indptr, indices, data, dtype: first.dtype })
}

function copy(target: TypedArray, values: TypedArray, at: number): void {
  ;(target as Float64Array).set(values as Float64Array, at)
}

/** One tensor for each row: views of a matrix's rows, or the entries of a list. Throws INVALID_INPUT without rows. */
export function splitRows(rows: TensorLike | readonly (TensorLike | undefined)[]): (Tensor | undefined)[] {
  if (isTensor(rows) || isTypedArray(rows)) return rowsOf(toTensor(rows))
  if (!Array.isArray(rows)) throw refused(rows === null ? 'null' : typeof rows)
  return rows.map((row: unknown) => {
    if (row === undefined || row === null) return undefined
    return toTensor(typeof row === 'number' ? ([row] as const) : (row as TensorLike))
  })
}

function rowsOf(tensor: Tensor): Tensor[] {
  const [rows] = tensor.shape
  if (rows === undefined || tensor.kind === 'raw') throw refused('a tensor without rows')
  const matrix = tensor.kind === 'dense' ? tensor : CsrMatrix.from(tensor)
  return Array.from({ length: rows }, (_, index) => matrix.row(index))
}

function refused(came: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `Expected a matrix with one row per Document or a list of tensors, got ${came}.`,
  )
}
