import { Writer } from '../lib/protobuf/writer.js'

/**
 * The bytes of a message field that may occur several times. Protobuf merges the occurrences, and merging is concatenation
 * (protobuf.dev, "Encoding", "Last One Wins"). A single occurrence stays a view; several are copied into one growing buffer,
 * so that a message of a million tiny fields costs no more than its bytes.
 *
 * @example
 * let header: FieldBytes
 * header = addOccurrence(header, reader.bytes())
 * const bytes = bytesOfField(header)
 */
export type FieldBytes = Uint8Array | Writer | undefined

/** Appends an occurrence; the result replaces `before`. */
export function addOccurrence(before: FieldBytes, part: Uint8Array): FieldBytes {
  if (before === undefined) return part
  if (!(before instanceof Writer)) {
    const writer = new Writer(2 * (before.length + part.length))
    writer.raw(before)
    writer.raw(part)
    return writer
  }
  before.raw(part)
  return before
}

/** All occurrences, concatenated; undefined when there are none. */
export function bytesOfField(parts: FieldBytes): Uint8Array | undefined {
  return parts instanceof Writer ? parts.finish() : parts
}
