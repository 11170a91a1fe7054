/** Integers from 0 to `bound` - 1; `bound` is at most 2 ** 21. */
export type Random = (bound: number) => number

/**
 * A small generator with 128 bits of state (Chris Doty-Humphrey's sfc32): integer arithmetic only, so that a seed gives the same
 * numbers on every machine.
 */
export function seededRandom(seed: number): Random {
  let a = 0
  let b = seed | 0
  let c = 1
  let counter = 1
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 16; round++) next()
  return (bound) => Math.floor((next() * bound) / 2 ** 32)
}
