import { MillraceError } from '../errors.js'
import { Reader } from '../lib/protobuf/reader.js'

/** Tag of `DocumentProto.id` in DocArray v1, and of the entries of `DocProto.data` in v2. */
const firstTag = 10
const nodeTag = 18

/**
 * Refuses a DocProto of DocArray v2, whose bytes can be read as a v1 Document with a strange id: v2 has a map of names to
 * values where v1 has the id (jina.md 9.1, 9.4).
 *
 * @throws UNSUPPORTED
 */
export function requireV1(bytes: Uint8Array, start: number, end: number): void {
  if (bytes[start] !== firstTag) return
  let at = start + 1
  while (bytes[at]! >= 0x80) at++
  // an id that begins with a line feed has to be checked
  if (bytes[at + 1] !== firstTag || !isV2(new Reader(bytes, start, end))) return
  throw new MillraceError(
    'UNSUPPORTED',
    'These documents are of DocArray v2, and only those of v1 can be read here (docs/types.md).',
  )
}

function isV2(document: Reader): boolean {
  try {
    while (!document.done) {
      if (document.tag() !== firstTag) return false
      const entry = new Reader(document.bytes())
      if (entry.tag() !== firstTag || !/^[A-Za-z_]\w*$/.test(entry.string())) return false
      if (entry.tag() !== nodeTag) return false
      entry.bytes()
      if (!entry.done) return false
    }
    return true
  } catch {
    return false // not a message
  }
}
