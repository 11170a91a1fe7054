const idBytes = 16
const pool = new Uint8Array(idBytes * 256)
let next = pool.length

/** 32 hex characters of 16 random bytes, as in DocArray v1. */
export function randomId(): string {
  // the call for random bytes costs more than the bytes: fetch them for many ids at once
  if (next === pool.length) {
    globalThis.crypto.getRandomValues(pool)
    next = 0
  }
  next += idBytes
  return toHex(pool, next - idBytes, next)
}

interface NodeBytes extends Uint8Array {
  hexSlice(start: number, end: number): string
}

const toHex = typeof globalThis.Buffer === 'function' ? hexByNode : hexByTable

/** A quarter of the time of `hexByTable`, and one flat string instead of one for each byte. */
function hexByNode(bytes: Uint8Array, start: number, end: number): string {
  return (globalThis.Buffer.prototype as unknown as NodeBytes).hexSlice.call(bytes, start, end)
}

const table = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function hexByTable(bytes: Uint8Array, start: number, end: number): string {
  let id = ''
  for (let at = start; at < end; at++) id += table[bytes[at]!]
  return id
}
