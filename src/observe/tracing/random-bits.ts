import { randomFillSync } from 'node:crypto'

const state = randomFillSync(new Int32Array(4))
state[0]! |= 1 // all zeros would stay so

/**
 * 32 random bits as a signed integer, for ids that must differ but are no secrets. The operating system's source seeds them once for each thread;
 * a draw from it for each id costs more than all else about the id.
 *
 * Source: D. Blackman, S. Vigna, "Scrambled linear pseudorandom number generators" (2021), xoshiro128**.
 */
export function randomBits(): number {
  const second = state[1]!
  const product = Math.imul(second, 5)
  const result = Math.imul((product << 7) | (product >>> 25), 9)
  state[2]! ^= state[0]!
  state[3]! ^= second
  state[1] = second ^ state[2]!
  state[0]! ^= state[3]!
  state[2]! ^= second << 9
  const last = state[3]!
  state[3] = (last << 11) | (last >>> 21)
  return result
}
