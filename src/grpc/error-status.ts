import type { MillraceError } from '../errors.js'
import { statusCode } from './status-codes.js'

/** Bytes of an encoded message: it travels as a header, and peers refuse headers of more than about 8 KB together. */
const maxBytes = 4096

/** The end of a message that was too long. */
const ellipsis = encodeURIComponent('…')

/** The gRPC status of an error; `message` is the value of the header `grpc-message`. */
export function grpcStatus(error: MillraceError): { readonly code: number; readonly message: string } {
  return { code: statusCode(error.code), message: encodeMessage(error.message) }
}

/**
 * Percent-encodes a message: all but printable ASCII, and `%` itself (gRPC over HTTP/2, "Responses"). What does not fit into
 * `maxBytes` is cut off, between two characters, and an ellipsis says so.
 */
export function encodeMessage(text: string): string {
  let encoded = ''
  let cut = 0
  for (const character of text) {
    const next = encodeCharacter(character)
    if (encoded.length + next.length > maxBytes) return withoutEdges(encoded.slice(0, cut) + ellipsis)
    encoded += next
    if (encoded.length <= maxBytes - ellipsis.length) cut = encoded.length
  }
  return withoutEdges(encoded)
}

function encodeCharacter(character: string): string {
  if (/^[ -$&-~]$/.test(character)) return character
  // half a surrogate pair cannot be encoded
  return encodeURIComponent(/^[\uD800-\uDFFF]$/.test(character) ? '\uFFFD' : character)
}

/** HTTP/2 forbids spaces at the ends of a header. */
function withoutEdges(encoded: string): string {
  return encoded.replace(/^ | $/g, '%20')
}
