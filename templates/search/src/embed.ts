/** Length of an embedding. */
export const dimensions = 256

/**
 * An embedding of length 1 that counts the groups of three letters in the words of a text, so that `waters` is near `water`.
 * Replace it by a model.
 */
export function embed(text: string): Float32Array {
  const embedding = new Float32Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const letters = `^${word}$`
    for (let at = 0; at + 3 <= letters.length; at++) {
      const column = columnOf(letters.slice(at, at + 3))
      embedding[column] = (embedding[column] ?? 0) + 1
    }
  }
  const length = Math.hypot(...embedding)
  return length === 0 ? embedding.fill(1 / Math.sqrt(dimensions)) : embedding.map((count) => count / length)
}

/** FNV-1a (32 bits) over UTF-16 code units. */
function columnOf(letters: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < letters.length; at++) hash = Math.imul(hash ^ letters.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % dimensions
}
