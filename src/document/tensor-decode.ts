import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'
import { emptyArray, layoutOf, readArray, type TypedArray } from './dtype.js'
import { NdArray } from './nd-array.js'
import { BsrMatrix } from './sparse/bsr.js'
import { CooMatrix } from './sparse/coo.js'
import { CscMatrix } from './sparse/csc.js'
import { CsrMatrix } from './sparse/csr.js'
import type { IndexArray } from './sparse/elements.js'
import type { SparseMatrix } from './sparse/coo.js'
import { SparseRow } from './sparse/row.js'
import { decodeStruct } from './struct.js'
import { RawTensor, type Tensor } from './tensor.js'

/** Most elements that a shape may imply without bytes for them. */
const maxImplied = 2 ** 24
const maxDimensions = 32

interface Dense {
  buffer: Uint8Array
  shape: number[]
  dtype: string
}

interface Sparse {
  indices: Dense
  values: Dense
  shape: number[]
}

const nothing = new Uint8Array(0)

/** Decodes a NdArrayProto (table of docarray v1). Throws MALFORMED when shape, dtype and buffers are inconsistent. */
export function decodeTensor(bytes: Uint8Array): Tensor {
  const reader = new Reader(bytes)
  let dense: Dense | undefined
  let sparse: Sparse | undefined
  let clsName = 'numpy'
  let format: unknown
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) dense = decodeDense(reader.bytes())
    else if (tag === 18) sparse = decodeSparse(reader.bytes())
    else if (tag === 26) clsName = reader.string()
    else if (tag === 34) format = decodeStruct(reader.bytes())['sparse_format']
    else reader.skip(tag)
  }
  try {
    if (sparse !== undefined) return sparseMatrix(sparse, { clsName, format, bytes })
    return ndArray(dense ?? { buffer: nothing, shape: [0], dtype: '<f8' }, clsName, bytes)
  } catch (error) {
    // what a constructor refuses is the sender's fault here, not the caller's
    throw new MillraceError('MALFORMED', `A tensor cannot be read: ${MillraceError.from(error).message}`, {
      cause: error,
    })
  }
}

function decodeDense(bytes: Uint8Array): Dense {
  const reader = new Reader(bytes)
  const dense: Dense = { buffer: nothing, shape: [], dtype: '' }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) dense.buffer = reader.bytes()
    else if (tag === 26) dense.dtype = reader.string()
    else if (tag >>> 3 === 2) readShape(reader, tag, dense.shape)
    else reader.skip(tag)
  }
  return dense
}

function decodeSparse(bytes: Uint8Array): Sparse {
  const reader = new Reader(bytes)
  const none = { buffer: nothing, shape: [], dtype: '' }
  const sparse: Sparse = { indices: none, values: none, shape: [] }
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) sparse.indices = decodeDense(reader.bytes())
    else if (tag === 18) sparse.values = decodeDense(reader.bytes())
    else if (tag >>> 3 === 3) readShape(reader, tag, sparse.shape)
    else reader.skip(tag)
  }
  return sparse
}

/** Repeated uint32, packed or not. */
function readShape(reader: Reader, tag: number, shape: number[]): void {
  if ((tag & 7) === 0) shape.push(reader.uint32())
  else if ((tag & 7) === 2) {
    const packed = new Reader(reader.bytes())
    while (!packed.done && shape.length <= maxDimensions) shape.push(packed.uint32())
  } else reader.skip(tag)
  if (shape.length > maxDimensions) throw refused(`it has more than ${maxDimensions} dimensions`)
}

function ndArray(dense: Dense, clsName: string, bytes: Uint8Array): NdArray | RawTensor {
  const { shape, dtype } = dense
  const layout = layoutOf(dtype)
  if (layout === undefined) return new RawTensor({ bytes, shape, dtype, clsName })
  return new NdArray({ data: elements(dense), shape, dtype: layout.dtype, clsName })
}

/** The elements of a dense array with a known dtype; an empty buffer stands for zeros. */
function elements({ buffer, shape, dtype }: Dense): TypedArray {
  const layout = layoutOf(dtype)
  if (layout === undefined) throw refused(`dtype '${dtype}' is not supported here`)
  const size = shape.reduce((product, length) => product * length, 1)
  if (buffer.length === 0) {
    const implied = shape.reduce((product, length) => product * Math.max(length, 1), 1)
    if (implied > maxImplied) throw refused(`shape [${shape.join(', ')}] comes without a buffer`)
    return emptyArray(layout.dtype, size)
  }
  if (buffer.length !== size * layout.size) {
    throw refused(
      `shape [${shape.join(', ')}] of ${dtype} needs ${size * layout.size} bytes, got ${buffer.length}`,
    )
  }
  return readArray(buffer, layout)
}

function sparseMatrix(
  { indices, values, shape }: Sparse,
  { clsName, format, bytes }: { clsName: string; format: unknown; bytes: Uint8Array },
): SparseMatrix | RawTensor {
  const layout = layoutOf(values.dtype)
  if (layout === undefined || shape.length !== 2) {
    return new RawTensor({ bytes, shape, dtype: values.dtype, clsName })
  }
  const { dtype } = layout
  const data = elements(values)
  const positions = elements(indices)
  const count = data.length
  if (positions.length !== 2 * count)
    throw refused(`${count} values come with ${positions.length} indices, not two each`)
  // torch and paddle send all rows, then all columns; scipy and tensorflow send pairs
  const pairs = clsName !== 'torch' && clsName !== 'paddle'
  const step = pairs ? 2 : 1
  const row = pick(positions, { start: 0, step, count, limit: shape[0]! })
  const column = pick(positions, { start: pairs ? 1 : count, step, count, limit: shape[1]! })
  const coo = new CooMatrix({ shape, row, column, data, dtype, clsName })
  if (clsName !== 'scipy') return coo
  if (format === 'csr') return shape[0] === 1 ? singleRow(coo) : CsrMatrix.from(coo)
  if (format === 'csc') return CscMatrix.from(coo)
  if (format === 'bsr') return BsrMatrix.from(coo)
  return coo
}

function singleRow({ shape, column, data, dtype }: CooMatrix): SparseRow {
  return new SparseRow({ shape, indices: column, data, dtype })
}

function pick(
  positions: TypedArray,
  { start, step, count, limit }: { start: number; step: number; count: number; limit: number },
): IndexArray {
  const picked = limit > 2 ** 31 ? new Uint32Array(count) : new Int32Array(count)
  for (let index = 0, at = start; index < count; index++, at += step) {
    const position = Number(positions[at])
    if (!(position >= 0 && position < limit))
      throw refused(`index ${position} is outside of a dimension of ${limit}`)
    picked[index] = position
  }
  return picked
}

function refused(what: string): MillraceError {
  return new MillraceError('MALFORMED', `${what}.`)
}
