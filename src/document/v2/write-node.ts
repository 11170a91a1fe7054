import { MillraceError } from '../../errors.js'
import { Reader } from '../../lib/protobuf/reader.js'
import type { Writer } from '../../lib/protobuf/writer.js'
import { Document } from '../document.js'
import { DocumentArray } from '../document-array.js'
import { isTypedArray } from '../dtype.js'
import { NdArray } from '../nd-array.js'
import { toDense } from '../sparse/dense.js'
import { maxStructDepth } from '../struct.js'
import { isTensor, type RawTensor, type Tensor } from '../tensor.js'
import { encodeDense } from '../tensor-encode.js'
import type { Node, NodeKind } from './node.js'

export interface NodeOptions {
  /** The node that came in this place: a value keeps its kind (int or float, list, set or tuple) and type, where it fits. */
  readonly like?: Node | undefined
  readonly depth: number
  /** Writes the fields of a document. */
  writeDocument(writer: Writer, document: Document, depth: number): void
}

const field = {
  text: 1,
  integer: 2,
  float: 3,
  boolean: 4,
  blob: 5,
  ndarray: 6,
  doc: 7,
  doc_array: 8,
  list: 9,
  set: 10,
  tuple: 11,
  dict: 12,
  type: 13,
} as const

/** Writes an entry of map<string, NodeProto> data = 1. Throws INVALID_INPUT for values that cannot be sent. */
export function writeEntry(writer: Writer, name: string, value: unknown, options: NodeOptions): void {
  const entry = writer.fork(1)
  writer.string(1, name)
  const node = writer.fork(2)
  writeNode(writer, value, options)
  writer.join(node)
  writer.join(entry)
}

function writeNode(writer: Writer, value: unknown, options: NodeOptions): void {
  const kind = writeContent(writer, value, options)
  const type = kind === options.like?.kind ? options.like.type : kind === 'ndarray' ? 'ndarray' : undefined
  if (type !== undefined) writer.string(field.type, type)
}

/** Writes the value as one of the oneof `content`; returns which. */
function writeContent(writer: Writer, given: unknown, options: NodeOptions): NodeKind {
  const value = given instanceof Date ? given.toISOString() : given
  switch (typeof value) {
    case 'string':
      writer.string(field.text, value)
      return 'text'
    case 'boolean':
      writer.bool(field.boolean, value)
      return 'boolean'
    case 'bigint':
      return writeNumber(writer, Number(value), options.like)
    case 'number':
      return writeNumber(writer, value, options.like)
    case 'object':
      return value === null ? 'none' : writeObject(writer, value, options)
    default:
      return 'none'
  }
}

/** An int32 or a double: as it came, else an integer where it is one. */
function writeNumber(writer: Writer, value: number, like: Node | undefined): 'integer' | 'float' {
  const isInteger = (value | 0) === value && !Object.is(value, -0)
  if (!isInteger || like?.kind === 'float') {
    writer.double(field.float, value)
    return 'float'
  }
  if (value < 0) writer.int64(field.integer, BigInt(value))
  else writer.uint32(field.integer, value)
  return 'integer'
}

function writeObject(writer: Writer, value: object, options: NodeOptions): NodeKind {
  const { depth, like } = options
  if (depth > maxStructDepth)
    throw new MillraceError('INVALID_INPUT', `A value is nested deeper than ${maxStructDepth} levels.`)
  if (value instanceof Uint8Array) {
    writer.bytes(field.blob, value)
    return 'blob'
  }
  const tensor = tensorOf(value)
  if (tensor !== undefined) {
    writeTensor(writer, tensor)
    return 'ndarray'
  }
  if (value instanceof Document) {
    writeDocumentAs(writer, field.doc, value, options)
    return 'doc'
  }
  if (value instanceof DocumentArray && like?.kind !== 'list') {
    const mark = writer.fork(field.doc_array)
    for (const document of value) writeDocumentAs(writer, 1, document, options)
    writer.join(mark)
    return 'doc_array'
  }
  if (Symbol.iterator in value) return writeList(writer, [...(value as Iterable<unknown>)], options)
  const known = like?.kind === 'dict' ? like.value : undefined
  const mark = writer.fork(field.dict)
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== undefined && typeof inner !== 'function' && typeof inner !== 'symbol')
      writeEntry(writer, key, inner, { ...options, like: known?.get(key), depth: depth + 1 })
  }
  writer.join(mark)
  return 'dict'
}

function writeDocumentAs(
  writer: Writer,
  number: number,
  document: Document,
  { depth, writeDocument }: NodeOptions,
): void {
  const mark = writer.fork(number)
  writeDocument(writer, document, depth + 1)
  writer.join(mark)
}

function writeList(writer: Writer, list: readonly unknown[], options: NodeOptions): 'list' | 'set' | 'tuple' {
  const { like, depth } = options
  const known = like?.kind === 'list' || like?.kind === 'set' || like?.kind === 'tuple' ? like : undefined
  const kind = known?.kind ?? 'list'
  const mark = writer.fork(field[kind])
  for (const [index, item] of list.entries()) {
    const one = writer.fork(1)
    const inner = known?.value[index] ?? known?.value[0]
    writeNode(writer, item, { ...options, like: inner, depth: depth + 1 })
    writer.join(one)
  }
  writer.join(mark)
  return kind
}

function tensorOf(value: object): Tensor | undefined {
  if (isTensor(value)) return value
  return isTypedArray(value) ? new NdArray({ data: value }) : undefined
}

/** NdArrayProto: dense = 1. Sparse matrices, which v2 does not have, become dense. */
function writeTensor(writer: Writer, tensor: Tensor): void {
  const mark = writer.fork(field.ndarray)
  if (tensor.kind === 'raw') writer.raw(denseOf(tensor))
  else encodeDense(writer, tensor.kind === 'dense' ? tensor : toDense(tensor))
  writer.join(mark)
}

/** The field `dense`, which is the same in both versions. Throws INVALID_INPUT if there is none. */
function denseOf({ bytes, dtype }: RawTensor): Uint8Array {
  const reader = new Reader(bytes)
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    reader.skip(tag)
    if (tag === 10) return bytes.subarray(from, reader.position)
  }
  throw new MillraceError(
    'INVALID_INPUT',
    `A sparse tensor of dtype '${dtype}' has no counterpart in DocArray v2; send it as a dense one.`,
  )
}
