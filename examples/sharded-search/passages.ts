import { Document, type DocumentArray } from 'millrace'

const QUERIES = 20
const WORDS = 40

/** Ids of the posts by their position. */
export const idOf = (position: number): string => `post-${position}`

/** Passages from posts all over the corpus: queries with a known result. */
export function passagesOf(texts: readonly string[]): Document[] {
  return Array.from({ length: Math.min(QUERIES, texts.length) }, (_, index) => {
    const position = Math.floor((index * texts.length) / QUERIES)
    const words = texts[position]!.split(/\s+/)
    const from = Math.floor(words.length / 3)
    return new Document({
      id: `about-${idOf(position)}`,
      text: words.slice(from, from + WORDS).join(' '),
      tags: { from: idOf(position) },
    })
  })
}

/** Number of passages whose post was found. */
export function countFound(answers: DocumentArray): number {
  return [...answers].filter(({ matches, tags }) => [...matches].some(({ id }) => id === tags.from)).length
}
