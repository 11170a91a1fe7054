import { varintSize, Writer } from '../lib/protobuf/writer.js'
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
  // in pages rows are written as their triples, which takes less code and more time
  if (typeof globalThis.Buffer === 'function' && tensor instanceof SparseRow && tensor.shape[1] <= int32) {
    encodeRow(writer, field, tensor)
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
  // as protobuf writes it: no field for no bytes
  if (data.length > 0) writer.bytes(1, bytesOf(data))
  if (shape.length > 0) writer.packedUint32(2, shape)
  writeDtype(writer, dtype)
  writer.join(mark)
}

function encodeSparse(writer: Writer, matrix: SparseMatrix): void {
  const mark = writer.fork(2, tensorLength(matrix))
  encodeTriples(writer, matrix)
  writer.packedUint32(3, matrix.shape)
  writer.join(mark)
}

/** Largest dimension whose indices fit into an int32. */
const int32 = 2 ** 31

let pairs: Int32Array | undefined

/**
 * The same bytes as for the triples of this row, without creating them: most of the time for sparse batches is spent here. All lengths are
 * known before, so nothing has to be moved.
 */
function encodeRow(writer: Writer, field: number, { source, start, end, dtype }: SparseRow): void {
  const { indices, data, shape } = source
  const count = end - start
  if (pairs === undefined || pairs.length < 2 * count) pairs = new Int32Array(Math.max(1024, 4 * count))
  // even positions are the row and stay zero
  for (let at = start, position = 1; at < end; at++, position += 2) pairs[position] = indices[at]!
  const positions = bytesOf(pairs, 0, 2 * count)
  const values = bytesOf(data, start, end)
  const positionType = dtypeField('<i4')
  const valueType = dtypeField(dtype)
  const classFields = scipyFieldsOf('csr')
  // the shapes are [count, 2], [count] and [1, columns], packed: 1 and 2 take one byte
  const countSize = varintSize(count)
  const positionsLength = fieldSize(positions.length) + fieldSize(countSize + 1) + positionType.length
  const valuesLength = fieldSize(values.length) + fieldSize(countSize) + valueType.length
  const shapeLength = 1 + varintSize(shape[1])
  const sparseLength = fieldSize(positionsLength) + fieldSize(valuesLength) + fieldSize(shapeLength)

  writer.beginField(field, fieldSize(sparseLength) + classFields.length)
  writer.beginField(2, sparseLength)
  writer.beginField(1, positionsLength)
  writer.bytes(1, positions)
  writer.beginField(2, countSize + 1)
  writer.packedValue(count)
  writer.packedValue(2)
  writer.raw(positionType)
  writer.beginField(2, valuesLength)
  writer.bytes(1, values)
  writer.beginField(2, countSize)
  writer.packedValue(count)
  writer.raw(valueType)
  writer.beginField(3, shapeLength)
  writer.packedValue(1)
  writer.packedValue(shape[1])
  writer.raw(classFields)
}

/** Bytes of a length-delimited field with a number up to 15. */
function fieldSize(length: number): number {
  return 1 + varintSize(length) + length
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
  writer.raw(dtypeField(dtype))
}

function dtypeField(dtype: Dtype): Uint8Array {
  return once(dtypeFields, dtype, (writer) => writer.string(3, dtype))
}

/** The class and, as for scipy's matrices, the format. */
function writeClass(writer: Writer, tensor: NdArray | SparseMatrix): void {
  if (tensor.kind === 'dense' || tensor.clsName !== 'scipy') writer.string(3, tensor.clsName)
  else writer.raw(scipyFieldsOf(tensor.format))
}

function scipyFieldsOf(format: SparseFormat): Uint8Array {
  return once(scipyFields, format, (writer) => {
    writer.string(3, 'scipy')
    const mark = writer.fork(4)
    encodeStruct(writer, { sparse_format: format })
    writer.join(mark)
  })
}

function once<Key>(known: Map<Key, Uint8Array>, key: Key, write: (writer: Writer) => void): Uint8Array {
  let fields = known.get(key)
  if (fields === undefined) {
    const writer = new Writer(64)
    write(writer)
    fields = writer.finish()
    known.set(key, fields)
  }
  return fields
}
