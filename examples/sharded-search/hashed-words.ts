import { pythonLower, pythonWords } from '../scale-out/tfidf/python-text.js'

/** Number of columns that words are hashed to. Words with the same column are not distinguished, which is rare. */
export const COLUMNS = 16_384

/**
 * Counts the words of a text by column. The hashing trick: a word's column depends only on its letters, so no vocabulary
 * is needed and all encoders use the same columns.
 */
export function countColumns(text: string): Map<number, number> {
  const counts = new Map<number, number>()
  for (const word of pythonWords(pythonLower(text))) {
    const column = columnOf(word)
    counts.set(column, (counts.get(column) ?? 0) + 1)
  }
  return counts
}

/** FNV-1a (32 bits) over UTF-16 code units, mixed so that its low bits depend on all of it. */
function columnOf(word: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) & (COLUMNS - 1)
}
