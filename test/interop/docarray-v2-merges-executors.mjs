// Stages whose answers are merged, for the client of Jina with DocArray v2; plain JavaScript, as Node 20 loads it.
import { DocumentArray, Executor } from 'millrace'

/** A shard that keeps documents, and finds all of them, the nearest first. */
export class Index extends Executor {
  static module = import.meta.url
  static requests = { '/index': 'index', '/search': 'search', '/count': 'count' }
  #docs = new Map()

  index(docs) {
    for (const doc of docs) this.#docs.set(doc.id, doc)
  }

  search(docs) {
    for (const doc of docs) {
      const found = [...this.#docs.values()].map(({ id, text, embedding }) => {
        const value = Math.abs(embedding.data[0] - doc.embedding.data[0])
        return { id, text, scores: { distance: { value } } }
      })
      found.sort((a, b) => a.scores.distance.value - b.scores.distance.value)
      doc.matches = new DocumentArray(found)
    }
  }

  count() {
    return { count: this.#docs.size }
  }
}

/** A branch that changes titles. */
export class Titles extends Executor {
  static module = import.meta.url
  static requests = { '/publish': 'publish' }

  publish(docs) {
    for (const doc of docs) doc.tags.title = `${doc.tags.title}!`
  }
}

/** A branch that changes numbers. */
export class Views extends Executor {
  static module = import.meta.url
  static requests = { '/publish': 'publish' }

  publish(docs) {
    for (const doc of docs) doc.tags.views++
  }
}
