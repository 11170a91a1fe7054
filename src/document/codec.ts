import { Reader, wireType } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'
import { allOf, field, fieldOf, lastOf, messageOf } from './fields.js'
import { decodeScore, encodeScores, type Scores } from './score.js'
import { decodeStruct, encodeStruct } from './struct.js'
import type { Tensor } from './tensor.js'
import { decodeTensor } from './tensor-decode.js'
import { encodeTensor, tensorLength } from './tensor-encode.js'

/** The part of a request's bytes that a Document was decoded from. */
export interface Source {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Decodes a field that is known to be present; chunks and matches are decoded by the Document. */
export function decodeField(number: number, { bytes, start, end }: Source): unknown {
  switch (number) {
    case field.tensor:
    case field.embedding:
      return decodeTensor(messageOf(number, bytes, start, end))
    case field.tags:
      return decodeStruct(messageOf(number, bytes, start, end))
    case field.scores:
    case field.evaluations: {
      const scores: Scores = {}
      for (const entry of allOf(number, bytes, start, end)) decodeScore(entry, scores)
      return scores
    }
    case field.location:
      return decodeFloats(number, { bytes, start, end })
    case field.granularity:
    case field.adjacency:
      return lastOf(number, bytes, start, end).uint32()
    case field.weight:
    case field.offset:
      return lastOf(number, bytes, start, end).float()
    case field.blob: {
      // no Buffer, even where the source is one: slice() and JSON differ from those of a Uint8Array
      const { buffer, byteOffset, length } = lastOf(number, bytes, start, end).bytes()
      return new Uint8Array(buffer, byteOffset, length)
    }
    default:
      return lastOf(number, bytes, start, end).string()
  }
}

function decodeFloats(number: number, { bytes, start, end }: Source): number[] {
  const reader = new Reader(bytes, start, end)
  const values: number[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (fieldOf(tag) !== number) reader.skip(tag)
    else if ((tag & 7) === wireType.fixed32) values.push(reader.float())
    else {
      const packed = new Reader(reader.bytes())
      while (!packed.done) values.push(packed.float())
    }
  }
  return values
}

/** Writes one field; chunks and matches are written by the Document. */
export function encodeField(writer: Writer, number: number, value: unknown): void {
  if (typeof value === 'string') return writer.string(number, value)
  switch (number) {
    case field.tensor:
    case field.embedding:
      encodeTensor(writer, number, value as Tensor)
      return
    case field.tags: {
      if (Object.keys(value as object).length === 0) return
      const mark = writer.fork(number)
      encodeStruct(writer, value as object)
      writer.join(mark)
      return
    }
    case field.scores:
    case field.evaluations:
      encodeScores(writer, number, value as Scores)
      return
    case field.location:
      encodeFloats(writer, number, value as readonly number[])
      return
    case field.granularity:
    case field.adjacency:
      writer.uint32(number, value as number)
      return
    case field.weight:
    case field.offset:
      writer.float(number, value as number)
      return
    case field.blob:
      writer.bytes(number, value as Uint8Array)
  }
}

function encodeFloats(writer: Writer, number: number, values: readonly number[]): void {
  if (values.length === 0) return
  const target = writer.reserve(number, values.length * 4)
  const view = new DataView(target.buffer, target.byteOffset)
  for (const [index, value] of values.entries()) view.setFloat32(index * 4, value, true)
}

/** Approximate size of a field in bytes; only used to size the buffer. */
export function fieldLength(number: number, value: unknown): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length + 8
  if (number === field.tensor || number === field.embedding) return tensorLength(value as Tensor)
  return typeof value === 'number' ? 8 : 64
}
