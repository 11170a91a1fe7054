import type { Random } from './random.js'

const PRECISION = 1 << 20

/**
 * Ranks 0 … `count` - 1, each with a frequency proportional to 1 / (rank + 2), like words in English text. Drawn with
 * Walker's alias method: one random number decides between a column and its alias. The weights use only additions and
 * divisions, which give the same bits on every machine (logarithms and powers may not).
 */
export function zipfRanks(count: number, random: Random): () => number {
  const weights = Float64Array.from({ length: count }, (_, rank) => 1 / (rank + 2))
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / count
  const share = weights.map((weight) => weight / mean)
  const threshold = new Int32Array(count).fill(PRECISION)
  const alias = Int32Array.from({ length: count }, (_, rank) => rank)
  // shares decrease with the rank: large ones at the front fill up small ones at the end
  let large = 0
  for (let small = count - 1; small > large; small--) {
    let poor = small
    while (large < small && (share[poor] as number) < 1) {
      threshold[poor] = Math.floor((share[poor] as number) * PRECISION)
      alias[poor] = large
      share[large] = (share[large] as number) - (1 - (share[poor] as number))
      if ((share[large] as number) >= 1) break
      poor = large++
    }
  }
  return () => {
    const column = random(count)
    return random(PRECISION) < (threshold[column] as number) ? column : (alias[column] as number)
  }
}
