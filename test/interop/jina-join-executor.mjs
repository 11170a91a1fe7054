// A join behind a gateway of Jina; plain JavaScript, as Node 20 loads it.
import { Document, Executor } from 'millrace'

/** Reports the documents of each branch, and adds one. */
export class Join extends Executor {
  static module = import.meta.url
  static requests = { '/parts': 'parts' }

  parts(docs, { docsMatrix, docsMap, parameters }) {
    const result = {
      docs: docs.texts,
      matrix: docsMatrix.map(({ texts }) => texts),
      map: Object.fromEntries(Object.entries(docsMap).map(([name, { texts }]) => [name, texts])),
      top_k: parameters.top_k,
    }
    docs.push(new Document({ id: 'joined', text: 'joined' }))
    return result
  }
}
