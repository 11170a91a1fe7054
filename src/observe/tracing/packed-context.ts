import { type TraceContext, TraceId } from './trace-context.js'

/** Length of a packed context: a zero, by which it differs from JSON, the ids of trace and span, and whether it is sampled. */
export const packedLength = 26

/**
 * Writes a position in a trace as bytes, for hops between processes of the same version: digits cost more to write and read than all
 * else. `pods/python/millrace_link.py` reads it too.
 */
export function packContext(
  { trace: { a, b, c, d }, high, low, isSampled }: TraceContext,
  target: Uint8Array,
  at: number,
): void {
  target[at] = 0
  write(target, at + 1, a)
  write(target, at + 5, b)
  write(target, at + 9, c)
  write(target, at + 13, d)
  write(target, at + 17, high)
  write(target, at + 21, low)
  target[at + 25] = isSampled ? 1 : 0
}

/** Undefined when the first `length` bytes are no packed context. */
export function unpackContext(bytes: Uint8Array, length: number): TraceContext | undefined {
  if (length !== packedLength || bytes[0] !== 0) return undefined
  const trace = new TraceId(read(bytes, 1), read(bytes, 5), read(bytes, 9), read(bytes, 13))
  return { trace, high: read(bytes, 17), low: read(bytes, 21), isSampled: bytes[25] === 1 }
}

function write(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function read(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}
