import { Writer } from '../lib/protobuf/writer.js'

/**
 * Collects parts of a message that may lie apart. A protobuf message field that occurs more than once is merged, and
 * merging is concatenation (protobuf.dev, "Encoding", "Last One Wins"). The only part stays an uncopied view; many are
 * copied into one buffer as they come, so that a message of a million tiny fields costs no more than its bytes.
 *
 * @example
 * let header: Gathered
 * header = gather(header, reader.bytes())
 * const bytes = gathered(header)
 */
export type Gathered = Uint8Array | Writer | undefined

export function gather(before: Gathered, part: Uint8Array): Gathered {
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

export function gathered(parts: Gathered): Uint8Array | undefined {
  return parts instanceof Writer ? parts.finish() : parts
}
