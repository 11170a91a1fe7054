/** Bytes to read from a socket at once, as many as Node reads by itself. */
const scratchBytes: number = 64 * 1024

let scratch: Buffer | undefined

/**
 * The memory that the sockets of this thread are read into, one after the other: Node calls the reader of a socket as soon as
 * it has read, so no other socket can be read before that call returns.
 */
export function sharedScratch(): Buffer {
  return (scratch ??= Buffer.allocUnsafeSlow(scratchBytes))
}
