import { Writer } from '../lib/protobuf/writer.js'
import { lengthOf } from './pieces.js'
import { StructReader } from './struct-reader.js'

/** Writes an entry of a google.protobuf.Struct whose value, a google.protobuf.Value, is already encoded. */
export function writeEntry(writer: Writer, key: string, value: Uint8Array): void {
  const mark = writer.fork(1, key.length + value.length + 8)
  writer.string(1, key)
  writer.bytes(2, value)
  writer.join(mark)
}

/** Writes an entry whose value is an object; the pieces, concatenated, are its google.protobuf.Struct. */
export function writeObject(writer: Writer, key: string, pieces: readonly Uint8Array[]): void {
  const length = lengthOf(pieces)
  const mark = writer.fork(1, key.length + length + 16)
  writer.string(1, key)
  const value = writer.fork(2, length + 5)
  const object = writer.fork(5, length)
  for (const piece of pieces) writer.raw(piece)
  writer.join(object)
  writer.join(value)
  writer.join(mark)
}

/** Copies the entries of a Struct that are kept, consecutive ones in one copy. Throws MALFORMED. */
export function copyEntries(
  writer: Writer,
  struct: Uint8Array,
  isKept: (entry: StructReader) => boolean,
): void {
  const entries = new StructReader(struct)
  let from = 0
  let end = 0
  while (entries.next()) {
    if (!isKept(entries)) continue
    if (entries.from !== end) {
      if (end > from) writer.raw(struct.subarray(from, end))
      from = entries.from
    }
    end = entries.end
  }
  if (end > from) writer.raw(struct.subarray(from, end))
}

/**
 * A Struct in which a key has an object as its value, instead of any earlier value. The other entries are copied unchanged.
 * Throws MALFORMED.
 */
export function withObject(
  struct: Uint8Array | undefined,
  key: string,
  pieces: readonly Uint8Array[],
): Uint8Array {
  const writer = new Writer((struct?.length ?? 0) + lengthOf(pieces) + key.length + 32)
  if (struct !== undefined) copyEntries(writer, struct, (entry) => !entry.keyIs(key))
  writeObject(writer, key, pieces)
  return writer.finish()
}
