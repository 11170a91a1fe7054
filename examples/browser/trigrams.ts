/** Length of the vectors. */
export const dimensions = 1024

/** Number of buckets that trigrams are counted in. */
export const buckets = 32_768

/** The number of texts that have a trigram, by bucket, and of all texts; plain data, so that it can be passed to pods. */
export interface Frequencies {
  readonly texts: number
  readonly byBucket: readonly number[]
}

export function countTexts(texts: readonly string[]): Frequencies {
  const byBucket = new Array<number>(buckets).fill(0)
  for (const text of texts) for (const hash of countTrigrams(text).keys()) byBucket[hash % buckets]!++
  return { texts: texts.length, byBucket }
}

/**
 * The vector of a text, of length 1: its trigrams, weighted with tf-idf, hashed to 1,024 numbers with signs. Parts of words
 * have trigrams in common with the whole, so that a text is found while it is still being typed.
 */
export function vectorOf(text: string, { texts, byBucket }: Frequencies): Float32Array {
  const sums = new Float64Array(dimensions)
  for (const [hash, count] of countTrigrams(text)) {
    const rarity = Math.log((1 + texts) / (1 + byBucket[hash % buckets]!)) + 1
    const sign = hash & 0x8000_0000 ? -1 : 1
    sums[hash % dimensions]! += sign * Math.sqrt(count) * rarity
  }
  const length = Math.hypot(...sums) || 1
  return Float32Array.from(sums, (sum) => sum / length)
}

/** The trigrams of all words by their hashes, each with its number. A word begins with a space and has no end. */
function countTrigrams(text: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    const spaced = ` ${word}`
    for (let at = 0; at + 1 < spaced.length; at++) {
      const hash = hashOf(spaced.slice(at, at + 3))
      counts.set(hash, (counts.get(hash) ?? 0) + 1)
    }
  }
  return counts
}

/** FNV-1a, and the last step of MurmurHash3 to spread it over all bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}
