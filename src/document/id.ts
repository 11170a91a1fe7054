const pool = new Uint8Array(16 * 256)
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
let next = pool.length

/** 32 hex characters of 16 random bytes, as in DocArray v1. */
export function randomId(): string {
  // the call for random bytes costs more than the bytes: fetch them for many ids at once
  if (next === pool.length) {
    globalThis.crypto.getRandomValues(pool)
    next = 0
  }
  let id = ''
  for (const end = next + 16; next < end; next++) id += hex[pool[next]!]
  return id
}
