import { varintSize } from '../lib/protobuf/writer.js'

/** Bytes of all pieces. */
export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** Pieces as one; the only one as it is. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const bytes = new Uint8Array(lengthOf(pieces))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

/** Tag and length of a message field below 16. */
export function lengthPrefix(field: number, length: number): Uint8Array {
  const bytes = new Uint8Array(1 + varintSize(length))
  bytes[0] = (field << 3) | 2
  let rest = length
  for (let at = 1; at < bytes.length; at++) {
    bytes[at] = (rest & 0x7f) | (at === bytes.length - 1 ? 0 : 0x80)
    rest >>>= 7
  }
  return bytes
}
