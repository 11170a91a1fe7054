import { type DocumentArray, Executor, requests } from 'millrace'
import { type DocumentFrequencies, inverseFrequencies } from './document-frequencies.js'
import { COLUMNS, countColumns } from './hashed-words.js'
import { RandomProjection } from './random-projection.js'

/** Length of the embeddings. */
const DIMENSIONS = 128

/**
 * Gives every text an embedding: the tf-idf weights of its words, projected to 128 numbers. It is in front of the index
 * for both stored posts and queries, and has no state: all its replicas give a text the same embedding.
 */
export class Encoder extends Executor {
  readonly #weights: Float64Array
  readonly #projection = new RandomProjection({ columns: COLUMNS, dimensions: DIMENSIONS, seed: 7 })

  constructor(options: { readonly frequencies: DocumentFrequencies }) {
    super(options)
    this.#weights = inverseFrequencies(options.frequencies)
  }

  // not a write, despite the name '/index': a request of a lost replica can be retried
  @requests({ on: ['/index', '/search'], write: false })
  encode(docs: DocumentArray): void {
    for (const doc of docs) {
      const counts = [...countColumns(doc.text)]
      doc.embedding = this.#projection.project(
        counts.map(([column, count]) => [column, count * this.#weights[column]!]),
      )
    }
  }
}
