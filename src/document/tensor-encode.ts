import { Writer } from '../lib/protobuf/writer.js'
import { bytesOf, type Dtype } from './dtype.js'
import type { NdArray } from './nd-array.js'
import type { SparseFormat, SparseMatrix } from './sparse/coo.js'
import { SparseRow } from './sparse/row.js'
import { encodeStruct } from './struct.js'
import type { Tensor } from './tensor.js'

/** Bytes of tags, shapes and names around the elements. */
const overhead = 96

/** Approximate encoded size of a tensor in bytes. */
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
  writeClass(writer, tensor)
  writer.join(mark)
}

/** Writes a DenseNdArrayProto as field 1. */
export function encodeDense(writer: Writer, { data, shape, dtype }: NdArray): void {
  const mark = writer.fork(1, data.byteLength + overhead)
  writer.bytes(1, bytesOf(data))
  if (shape.length > 0) writer.packedUint32(2, shape)
  writeDtype(writer, dtype)
  writer.join(mark)
}

function encodeSparse(writer: Writer, matrix: SparseMatrix): void {
  const mark = writer.fork(2, tensorLength(matrix))
  if (matrix instanceof SparseRow && matrix.shape[1] <= int32) encodeRow(writer, matrix)
  else encodeTriples(writer, matrix)
  writer.packedUint32(3, matrix.shape)
  writer.join(mark)
}

/** Largest dimension whose indices fit into an int32. */
const int32 = 2 ** 31

let pairs = new Int32Array(1024)

/** The same bytes as for the triples of this row, without creating them: most of the time for sparse batches is spent here. */
function encodeRow(writer: Writer, { source, start, end, dtype }: SparseRow): void {
  const count = end - start
  const { indices, data } = source
  if (pairs.length < 2 * count) pairs = new Int32Array(4 * count)
  // even positions are the row and stay zero
  for (let at = start, position = 1; at < end; at++, position += 2) pairs[position] = indices[at]!
  encodeIndices(writer, [count, 2], bytesOf(pairs, 0, 2 * count))
  encodeValues(writer, count, bytesOf(data, start, end), dtype)
}

function encodeTriples(writer: Writer, matrix: SparseMatrix): void {
  const { row, column, data, dtype, clsName } = matrix.toCoo()
  const count = data.length
  // indices that came with all rows first are sent that way again
  const transposed = clsName === 'torch' || clsName === 'paddle'
  const wide = transposed || Math.max(...matrix.shape) > int32
  const positions = wide ? new BigInt64Array(2 * count) : new Int32Array(2 * count)
  const [step, second] = transposed ? [1, count] : [2, 1]
  for (let at = 0; at < count; at++) {
    positions[step * at] = wide ? BigInt(row[at]!) : row[at]!
    positions[step * at + second] = wide ? BigInt(column[at]!) : column[at]!
  }
  encodeIndices(writer, transposed ? [2, count] : [count, 2], bytesOf(positions), wide ? '<i8' : '<i4')
  encodeValues(writer, count, bytesOf(data), dtype)
}

function encodeIndices(
  writer: Writer,
  shape: readonly number[],
  bytes: Uint8Array,
  dtype: Dtype = '<i4',
): void {
  const mark = writer.fork(1, bytes.length + 20)
  writer.bytes(1, bytes)
  writer.packedUint32(2, shape)
  writeDtype(writer, dtype)
  writer.join(mark)
}

function encodeValues(writer: Writer, count: number, bytes: Uint8Array, dtype: Dtype): void {
  const mark = writer.fork(2, bytes.length + 20)
  writer.bytes(1, bytes)
  writer.packedUint32(2, [count])
  writeDtype(writer, dtype)
  writer.join(mark)
}

/** Fields that repeat from tensor to tensor, encoded once: a batch has hundreds of them. */
const dtypeFields = new Map<Dtype, Uint8Array>()
const scipyFields = new Map<SparseFormat, Uint8Array>()

function writeDtype(writer: Writer, dtype: Dtype): void {
  let fields = dtypeFields.get(dtype)
  if (fields === undefined) {
    const own = new Writer(8)
    own.string(3, dtype)
    fields = own.finish()
    dtypeFields.set(dtype, fields)
  }
  writer.raw(fields)
}

/** The class and, as for scipy's matrices, the format. */
function writeClass(writer: Writer, tensor: NdArray | SparseMatrix): void {
  if (tensor.kind === 'dense' || tensor.clsName !== 'scipy') {
    writer.string(3, tensor.clsName)
    return
  }
  let fields = scipyFields.get(tensor.format)
  if (fields === undefined) {
    const own = new Writer(64)
    own.string(3, 'scipy')
    const mark = own.fork(4)
    encodeStruct(own, { sparse_format: tensor.format })
    own.join(mark)
    fields = own.finish()
    scipyFields.set(tensor.format, fields)
  }
  writer.raw(fields)
}
