import { pythonLower, pythonWords } from '../scale-out/tfidf/python-text.js'

/** Columns that words are hashed to. Two words of one column are taken for one: rare enough to do no harm. */
export const COLUMNS = 16_384

/**
 * How often each column has a word of the text. The hashing trick: a word's column follows from its letters alone, so that
 * nobody has to have seen it before, and everybody who encodes has the same columns.
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
