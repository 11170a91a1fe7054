import { type DocumentArray, Executor, requests } from 'millrace'
import { type Frequencies, vectorOf } from './trigrams.js'

/** Gives passages and queries their vectors. */
export class Encoder extends Executor {
  readonly #frequencies: Frequencies

  constructor(options: { readonly frequencies: Frequencies }) {
    super(options)
    this.#frequencies = options.frequencies
  }

  // not a write, despite the name '/index': a request of a lost replica can be retried
  @requests({ on: ['/index', '/search'], write: false })
  encode(docs: DocumentArray): void {
    for (const doc of docs) doc.embedding = vectorOf(doc.text, this.#frequencies)
  }
}
