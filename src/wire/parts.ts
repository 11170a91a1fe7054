import { Reader } from '../lib/protobuf/reader.js'
import type { Writer } from '../lib/protobuf/writer.js'

/**
 * Field of DataRequestProto that lists where its documents come from when several answers were concatenated. Jina does not
 * define it: a peer that is not Millrace skips it.
 */
export const partsField = 2047

/** One of the answers that a list of documents was concatenated from. */
export interface Part {
  /** The stage or shard that gave it. */
  readonly from: string
  /** Its number of documents. */
  readonly count: number
}

export function writeParts(writer: Writer, parts: readonly Part[]): void {
  for (const { from, count } of parts) {
    const mark = writer.fork(partsField)
    writer.string(1, from)
    writer.uint32(2, count)
    writer.join(mark)
  }
}

/** Decodes one occurrence of the field. @throws MALFORMED */
export function decodePart(bytes: Uint8Array): Part {
  const reader = new Reader(bytes)
  let from = ''
  let count = 0
  while (!reader.done) {
    const tag = reader.tag()
    if (tag === 10) from = reader.string()
    else if (tag === 16) count = reader.uint32()
    else reader.skip(tag)
  }
  return { from, count }
}
