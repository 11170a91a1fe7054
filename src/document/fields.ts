import { Reader, wireType } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'

/** Field numbers of a DocumentProto (docarray v1, `docarray.proto`). */
export const field = {
  id: 1,
  blob: 2,
  tensor: 3,
  text: 4,
  granularity: 5,
  adjacency: 6,
  parentId: 7,
  weight: 8,
  uri: 9,
  modality: 10,
  mimeType: 11,
  offset: 12,
  location: 13,
  chunks: 14,
  matches: 15,
  embedding: 16,
  tags: 17,
  scores: 18,
  evaluations: 19,
} as const

/** blob, tensor and text are a `oneof`: the last one on the wire counts. */
export const contentFields: number = (1 << field.blob) | (1 << field.tensor) | (1 << field.text)

const { varint, fixed32, bytes } = wireType
//                 0   1      2      3      4      5       6       7      8
const wireTypes = [-1, bytes, bytes, bytes, bytes, varint, varint, bytes, fixed32].concat(
  // 9    10     11     12       13     14     15     16     17     18     19
  [bytes, bytes, bytes, fixed32, bytes, bytes, bytes, bytes, bytes, bytes, bytes],
)

/** The field number of a tag, 0 for unknown fields, which are passed on unchanged. */
export function fieldOf(tag: number): number {
  const number = tag >>> 3
  if (number > field.evaluations) return 0
  if (wireTypes[number] === (tag & 7)) return number
  // unpacked floats
  return tag === ((field.location << 3) | fixed32) ? number : 0
}

/** One bit for each present field. Reads all tags once, so bytes that are not a message are refused here. */
export function presentFields(source: Uint8Array, start: number, end: number): number {
  const reader = new Reader(source, start, end)
  let present = 0
  while (!reader.done) {
    const tag = reader.tag()
    const bit = 1 << fieldOf(tag)
    if (bit & contentFields) present &= ~contentFields
    present |= bit
    reader.skip(tag)
  }
  return present & ~1
}

/** A reader at the last value of a field that is known to be present. */
export function lastOf(number: number, source: Uint8Array, start: number, end: number): Reader {
  const reader = new Reader(source, start, end)
  let found = start
  while (!reader.done) {
    const tag = reader.tag()
    if (fieldOf(tag) === number) found = reader.position
    reader.skip(tag)
  }
  reader.position = found
  return reader
}

/** The last value of a field that is a string; '' without one, or where another field of the `oneof` follows. Throws MALFORMED. */
export function textIn(number: number, source: Uint8Array, start: number, end: number): string {
  const others = contentFields & (1 << number) ? contentFields & ~(1 << number) : 0
  const reader = new Reader(source, start, end)
  let found = -1
  while (!reader.done) {
    const tag = reader.tag()
    const present = fieldOf(tag)
    if (present === number) found = reader.position
    else if ((others & (1 << present)) !== 0) found = -1
    reader.skip(tag)
  }
  if (found === -1) return ''
  reader.position = found
  return reader.string()
}

/** All values of a length-delimited field. */
export function allOf(number: number, source: Uint8Array, start: number, end: number): Uint8Array[] {
  const reader = new Reader(source, start, end)
  const found: Uint8Array[] = []
  while (!reader.done) {
    const tag = reader.tag()
    if (fieldOf(tag) === number && (tag & 7) === bytes) found.push(reader.bytes())
    else reader.skip(tag)
  }
  return found
}

/** The message of a field. Repeated occurrences are merged; protobuf does that by reading them in sequence. */
export function messageOf(number: number, source: Uint8Array, start: number, end: number): Uint8Array {
  const parts = allOf(number, source, start, end)
  if (parts.length === 1) return parts[0]!
  const merged = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    merged.set(part, at)
    at += part.length
  }
  return merged
}

/** Copies the bytes of all fields, except those whose bit is set in `without`. */
export function copyFields(
  writer: Writer,
  without: number,
  source: { bytes: Uint8Array; start: number; end: number },
): void {
  const reader = new Reader(source.bytes, source.start, source.end)
  let from = source.start
  while (!reader.done) {
    const at = reader.position
    const tag = reader.tag()
    const number = fieldOf(tag)
    reader.skip(tag)
    if (number === 0 || (without & (1 << number)) === 0) continue
    if (at > from) writer.raw(source.bytes.subarray(from, at))
    from = reader.position
  }
  if (source.end > from) writer.raw(source.bytes.subarray(from, source.end))
}
