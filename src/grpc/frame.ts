/** Compressed flag and length, in front of every message (grpc.io, "gRPC over HTTP2"). */
export const prefixBytes = 5

/** One gRPC message, in pieces that follow each other. */
export type Message = readonly Uint8Array[]

/** Parts from this size on are written as they are; below, one more write costs more than its copy. */
const ownWriteBytes = 16 * 1024

export function sizeOf(message: Message): number {
  let size = 0
  for (const part of message) size += part.length
  return size
}

/** Parts larger than this are written in several pieces, so that it shows how much of them the client has taken. */
const largestWriteBytes = 256 * 1024

/** A message with its prefix, as buffers to write one after the other. Large parts are not copied. */
export function framed(message: Message, size: number): Buffer[] {
  const writes: Buffer[] = []
  let small = smallAfter(message, 0)
  let buffer = Buffer.allocUnsafe(prefixBytes + small)
  buffer[0] = 0
  buffer.writeUInt32BE(size, 1)
  let at = prefixBytes
  for (let index = 0; index < message.length; index++) {
    const part = message[index]!
    if (part.length < ownWriteBytes) {
      buffer.set(part, at)
      at += part.length
      continue
    }
    if (at > 0) writes.push(buffer)
    for (let from = 0; from < part.length; from += largestWriteBytes) {
      const bytes = Math.min(largestWriteBytes, part.length - from)
      writes.push(Buffer.from(part.buffer, part.byteOffset + from, bytes))
    }
    small = smallAfter(message, index + 1)
    buffer = Buffer.allocUnsafe(small)
    at = 0
  }
  if (at > 0) writes.push(buffer)
  return writes
}

/** Bytes of the small parts from `index` to the next large one. */
function smallAfter(message: Message, index: number): number {
  let bytes = 0
  for (let next = index; next < message.length && message[next]!.length < ownWriteBytes; next++) {
    bytes += message[next]!.length
  }
  return bytes
}
