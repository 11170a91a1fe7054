import { CsrMatrix, type DocumentArray, Executor, requests } from 'millrace'
import { COLUMNS, countColumns } from '../sharded-search/hashed-words.js'

/** Gives every text a sparse embedding: how often each of its words occurs in it, in the column of the word. */
export class TermEncoder extends Executor {
  @requests({ on: ['/index', '/search'], write: false })
  encode(docs: DocumentArray): void {
    for (const doc of docs) {
      const counts = [...countColumns(doc.text)].sort(([left], [right]) => left - right)
      doc.embedding = new CsrMatrix({
        shape: [1, COLUMNS],
        indptr: [0, counts.length],
        indices: counts.map(([column]) => column),
        data: Float32Array.from(counts, ([, count]) => count),
      })
    }
  }
}
