import { CsrMatrix, Document, type DocumentArray, Executor, type HandlerContext, requests } from 'millrace'
import { TermIndex, type Terms } from './term-index.js'

/** Stores texts by their terms, in memory: one replica, which is empty again after a restart. */
export class TermIndexer extends Executor {
  readonly #index = new TermIndex()
  readonly #texts = new Map<string, string>()

  @requests('/index')
  index(docs: DocumentArray): void {
    for (const doc of docs) {
      this.#index.put(doc.id, termsOf(doc))
      this.#texts.set(doc.id, doc.text)
    }
  }

  /** The matches of a query are the `limit` best texts, with the score `bm25`. */
  @requests('/search')
  search(docs: DocumentArray, { parameters }: HandlerContext): void {
    const limit = Number(parameters.limit ?? 10)
    for (const doc of docs) {
      for (const { id, score } of this.#index.search(termsOf(doc).keys(), limit)) {
        doc.matches.push(new Document({ id, text: this.#texts.get(id)!, scores: { bm25: { value: score } } }))
      }
    }
  }
}

function termsOf({ embedding }: Document): Terms {
  if (embedding?.kind !== 'sparse') throw new Error('A text needs the sparse embedding of a TermEncoder.')
  const { indices, data } = CsrMatrix.from(embedding)
  return new Map(Array.from(indices, (column, at) => [column, Number(data[at])]))
}
