/** How often each term occurs in a text. */
export type Terms = ReadonlyMap<number, number>

export interface Hit {
  readonly id: string
  readonly score: number
}

/** How fast further occurrences of a term lose weight, and how much long texts are held back (both are the usual values). */
const K1 = 1.2
const B = 0.75

/**
 * An inverted index: for each term the texts that have it. Ranks by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework", 2009, equation 3.15), with Lucene's idf, which is never negative.
 */
export class TermIndex {
  readonly #texts = new Map<string, { readonly terms: Terms; readonly length: number }>()
  readonly #postings = new Map<number, Map<string, number>>()
  #length = 0

  get size(): number {
    return this.#texts.size
  }

  /** Replaces the text with the same id. */
  put(id: string, terms: Terms): void {
    this.#remove(id)
    let length = 0
    for (const [term, count] of terms) {
      length += count
      const posting = this.#postings.get(term)
      if (posting === undefined) this.#postings.set(term, new Map([[id, count]]))
      else posting.set(id, count)
    }
    this.#texts.set(id, { terms, length })
    this.#length += length
  }

  /** The best texts that have any of the terms, best first. */
  search(terms: Iterable<number>, limit: number): Hit[] {
    const scores = new Map<string, number>()
    const average = this.#length / this.size
    for (const term of terms) {
      const posting = this.#postings.get(term) ?? new Map<string, number>()
      const idf = Math.log(1 + (this.size - posting.size + 0.5) / (posting.size + 0.5))
      for (const [id, count] of posting) {
        const norm = K1 * (1 - B + (B * this.#texts.get(id)!.length) / average)
        scores.set(id, (scores.get(id) ?? 0) + (idf * count * (K1 + 1)) / (count + norm))
      }
    }
    return Array.from(scores, ([id, score]) => ({ id, score }))
      .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1))
      .slice(0, limit)
  }

  #remove(id: string): void {
    const known = this.#texts.get(id)
    if (known === undefined) return
    this.#texts.delete(id)
    this.#length -= known.length
    for (const term of known.terms.keys()) this.#postings.get(term)?.delete(id)
  }
}
