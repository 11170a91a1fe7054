import { Writer } from '../lib/protobuf/writer.js'
import { bytesOf } from './dtype.js'
import type { NdArray } from './nd-array.js'
import type { SparseFormat, SparseMatrix } from './sparse/matrix.js'
import { SparseRow } from './sparse/row.js'
import { encodeStruct } from './struct.js'
import type { Tensor } from './tensor.js'

/** Bytes of tags, shapes and names around the elements. */
const overhead = 96

/** Bytes that a tensor will take, nearly. */
export function tensorLength(tensor: Tensor): number {
  if (tensor.kind === 'dense') return tensor.data.byteLength + overhead
  if (tensor.kind === 'raw') return tensor.bytes.length + 8
  return tensor.nnz * 16 + overhead
}

/** Writes a NdArrayProto as `field`. */
export function encodeTensor(writer: Writer, field: number, tensor: Tensor): void {
  if (tensor.kind === 'raw') {
    writer.bytes(field, tensor.bytes)
    return
  }
  const mark = writer.fork(field, tensorLength(tensor))
  if (tensor.kind === 'dense') encodeDense(writer, tensor)
  else encodeSparse(writer, tensor)
  writer.string(3, tensor.clsName)
  if (tensor.kind === 'sparse' && tensor.clsName === 'scipy') writer.bytes(4, formats[tensor.format])
  writer.join(mark)
}

function encodeDense(writer: Writer, { data, shape, dtype }: NdArray): void {
  const mark = writer.fork(1, data.byteLength + overhead)
  writer.bytes(1, bytesOf(data))
  if (shape.length > 0) writer.packedUint32(2, shape)
  writer.string(3, dtype)
  writer.join(mark)
}

function encodeSparse(writer: Writer, matrix: SparseMatrix): void {
  const mark = writer.fork(2, tensorLength(matrix))
  if (matrix instanceof SparseRow) encodeRow(writer, matrix)
  else encodeTriples(writer, matrix)
  writer.packedUint32(3, matrix.shape)
  writer.join(mark)
}

let pairs = new Int32Array(1024)

/** The same bytes as for the triples of this row, without making them: this is what a batch of sparse embeddings spends its time on. */
function encodeRow(writer: Writer, { source, start, end, dtype }: SparseRow): void {
  const count = end - start
  const { indices, data } = source
  if (pairs.length < 2 * count) pairs = new Int32Array(4 * count)
  // even places are the row and stay zero
  for (let at = start, place = 1; at < end; at++, place += 2) pairs[place] = indices[at]!
  encodeIndices(writer, [count, 2], bytesOf(pairs, 0, 2 * count))
  encodeValues(writer, count, bytesOf(data, start, end), dtype)
}

function encodeTriples(writer: Writer, matrix: SparseMatrix): void {
  const { row, column, data, dtype, clsName } = matrix.toCoo()
  const count = data.length
  // what came with all rows first goes on like that
  const transposed = clsName === 'torch' || clsName === 'paddle'
  const places = transposed ? new BigInt64Array(2 * count) : new Int32Array(2 * count)
  for (let at = 0; at < count; at++) {
    if (transposed) {
      places[at] = BigInt(row[at]!)
      places[count + at] = BigInt(column[at]!)
    } else {
      places[2 * at] = row[at]!
      places[2 * at + 1] = column[at]!
    }
  }
  encodeIndices(writer, transposed ? [2, count] : [count, 2], bytesOf(places), transposed ? '<i8' : '<i4')
  encodeValues(writer, count, bytesOf(data), dtype)
}

function encodeIndices(writer: Writer, shape: readonly number[], bytes: Uint8Array, dtype = '<i4'): void {
  const mark = writer.fork(1, bytes.length + 20)
  writer.bytes(1, bytes)
  writer.packedUint32(2, shape)
  writer.string(3, dtype)
  writer.join(mark)
}

function encodeValues(writer: Writer, count: number, bytes: Uint8Array, dtype: string): void {
  const mark = writer.fork(2, bytes.length + 20)
  writer.bytes(1, bytes)
  writer.packedUint32(2, [count])
  writer.string(3, dtype)
  writer.join(mark)
}

const formats: Record<SparseFormat, Uint8Array> = {
  csr: parameters('csr'),
  csc: parameters('csc'),
  coo: parameters('coo'),
  bsr: parameters('bsr'),
}

function parameters(format: SparseFormat): Uint8Array {
  const writer = new Writer(32)
  encodeStruct(writer, { sparse_format: format })
  return writer.finish()
}
