import { type DocumentArray, Executor, requests } from 'millrace'
import { embed } from './embed.js'

/** Gives stored texts and queries their embeddings. */
export class Encoder extends Executor {
  // not a write, despite the name '/index': a request of a lost replica can be retried
  @requests({ on: ['/index', '/search'], write: false })
  encode(docs: DocumentArray): void {
    for (const doc of docs) doc.embedding = embed(doc.text)
  }
}
