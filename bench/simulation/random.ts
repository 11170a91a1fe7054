/** Numbers in [0, 1) that repeat from run to run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    return scrambled(state)
  }
}

/**
 * A number in [0, 1) determined by these integers: the random numbers of a request do not depend on other requests, so
 * every policy gets exactly the same requests.
 */
export function drawn(...parts: readonly number[]): number {
  let state = 0
  for (const part of parts) state = Math.trunc(scrambled((state ^ part) + 0x6d2b79f5) * 2 ** 32) | 0
  return scrambled(state)
}

/** Exponentially distributed with mean 1; `uniform` is in [0, 1). */
export function exponential(uniform: number): number {
  return -Math.log(1 - uniform)
}

function scrambled(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}
