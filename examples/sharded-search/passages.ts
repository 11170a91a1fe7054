import { Document, type DocumentArray } from 'millrace'

const QUERIES = 20
const WORDS = 40

/** Ids of the posts by their position. */
export const idOf = (position: number): string => `post-${position}`

/** Passages out of posts all over the corpus: what is searched for, and known to be there. */
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

/** How many of them found the post that they are from. */
export function countFound(answers: DocumentArray): number {
  return [...answers].filter(({ matches, tags }) => [...matches].some(({ id }) => id === tags.from)).length
}
