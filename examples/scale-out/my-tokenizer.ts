import { type DocumentArray, Executor, requests } from 'millrace'
import { TfidfVectorizer } from './tfidf-vectorizer.js'

/** Sets the embedding of each document to its tf-idf vector within its batch: the slow Executor of the tutorial. */
export class MyTokenizer extends Executor {
  readonly #vectorizer = new TfidfVectorizer()

  @requests
  vectorize(docs: DocumentArray): void {
    docs.embeddings = this.#vectorizer.fitTransform(docs.contents) // a sparse CSR matrix, one row per document
  }
}
