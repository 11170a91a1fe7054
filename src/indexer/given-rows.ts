import { Document, type DocumentArray } from '../document/index.js'
import { unreadDocuments } from '../document/document-array.js'
import { field, fieldOf } from '../document/fields.js'
import { Reader, wireType } from '../lib/protobuf/reader.js'
import type { ColumnValue } from './columns.js'
import { columnValues } from './columns.js'
import { requireFinite, requireScore } from './embedding.js'
import { requireId, type Row, type RowRules, rowOf } from './rows.js'

const embeddingTag = (field.embedding << 3) | wireType.bytes
const mostLengths = 8
const noColumns: readonly ColumnValue[] = []

/** One encoded Document, as far as its row needs it. */
interface Encoded {
  readonly id: string
  /** The whole field of its embedding. */
  readonly from: number
  readonly to: number
  /** The float32 numbers. */
  readonly numbersFrom: number
  readonly numbersTo: number
}

/**
 * The rows of Documents to be stored. Documents that are still bytes stay so, which costs a fifth, and are answered as the bytes
 * that came. Throws INVALID_INPUT for a Document that cannot be stored.
 */
export function rowsOf(documents: DocumentArray, rules: RowRules): Row[] {
  const encoded = unreadDocuments(documents)
  if (encoded === undefined) return Array.from(documents, (document) => rowOf(document, rules))
  const { bytes } = encoded
  const memory = new Floats()
  return encoded.map((start, end) => {
    const found = outlineOf(bytes, start, end)
    if (found === undefined) return rowOf(Document.fromProtobuf(bytes.subarray(start, end)), rules)
    const { id, from, to, numbersFrom, numbersTo } = found
    requireId(id)
    const vector = memory.copy(bytes, numbersFrom, numbersTo, encoded.length)
    requireFinite({ id }, vector)
    requireScore({ id }, vector, rules.embeddings)
    const document = without(bytes, { start, end, from, to })
    return { id, vector, document, columns: columnsOf(document, rules) }
  })
}

function columnsOf(document: Uint8Array, { columns }: RowRules): readonly ColumnValue[] {
  for (const _ in columns) return columnValues(Document.fromProtobuf(document), columns)
  return noColumns
}

/** Undefined for a Document whose embedding has another form than that of most: one dense row of float32, given once. */
function outlineOf(bytes: Uint8Array, start: number, end: number): Encoded | undefined {
  const reader = new Reader(bytes, start, end)
  let id = ''
  let from = -1
  let to = -1
  let numbersTo = -1
  let count = 0
  while (!reader.done) {
    const at = reader.position
    const tag = reader.tag()
    const number = fieldOf(tag)
    if (number === field.id) id = reader.string()
    else if (number !== field.embedding) reader.skip(tag)
    else {
      if (from !== -1 || tag !== embeddingTag) return undefined
      const length = reader.span()
      from = at
      to = reader.position
      const dense = denseIn(bytes, to - length, to)
      if (dense === undefined) return undefined
      numbersTo = dense.to
      count = dense.to - dense.from
    }
  }
  return from === -1 ? undefined : { id, from, to, numbersFrom: numbersTo - count, numbersTo }
}

/** Where the numbers of a NdArrayProto are; undefined unless it is one dense row of float32, and no more. */
function denseIn(bytes: Uint8Array, start: number, end: number): { from: number; to: number } | undefined {
  const tensor = new Reader(bytes, start, end)
  let dense: Reader | undefined
  while (!tensor.done) {
    const tag = tensor.tag()
    if (tag === 10 && dense === undefined) dense = tensor.nested()
    else if (tag === 26) tensor.skip(tag)
    else return undefined
  }
  if (dense === undefined) return undefined
  let from = -1
  let to = -1
  let columns = 0
  let lengths = 0
  let isFloat32 = false
  while (!dense.done) {
    const tag = dense.tag()
    if (tag === 10 && from === -1) {
      const length = dense.span()
      to = dense.position
      from = to - length
    } else if (tag === 26) {
      isFloat32 = dense.string() === '<f4'
    } else if (tag === 18 || tag === 16) {
      const shape = tag === 18 ? dense.nested() : undefined
      while (shape === undefined || !shape.done) {
        // lengths before the last one are 1; more than a few are left to the tensor itself
        if ((lengths > 0 && columns !== 1) || lengths === mostLengths) return undefined
        columns = (shape ?? dense).uint32()
        lengths++
        if (shape === undefined) break
      }
    } else return undefined
  }
  return isFloat32 && columns > 0 && to - from === 4 * columns ? { from, to } : undefined
}

/** A Document without the field of its embedding: a view where that is its first or last field, as it mostly is. */
function without(
  bytes: Uint8Array,
  { start, end, from, to }: { start: number; end: number; from: number; to: number },
): Uint8Array {
  if (to === end) return bytes.subarray(start, from)
  if (from === start) return bytes.subarray(to, end)
  return Buffer.concat([bytes.subarray(start, from), bytes.subarray(to, end)])
}

/** Memory that the vectors of one request share: one for each would cost more than to copy its numbers. */
class Floats {
  #memory = new Uint8Array(0)
  #used = 0

  /** Copies numbers, and makes room for `expected` such vectors when there is none. */
  copy(bytes: Uint8Array, from: number, to: number, expected: number): Float32Array {
    const length = to - from
    if (this.#used + length > this.#memory.length) {
      this.#memory = new Uint8Array(length * expected)
      this.#used = 0
    }
    const at = this.#used
    this.#used += length
    this.#memory.set(bytes.subarray(from, to), at)
    return new Float32Array(this.#memory.buffer, at, length / 4)
  }
}
