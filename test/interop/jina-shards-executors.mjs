// The sharded stages that a real Jina client uses; plain JavaScript, as Node 20 loads it.
import { DocumentArray, Executor } from 'millrace'

/** An index in memory whose search compares all documents. */
export class Index extends Executor {
  static module = import.meta.url
  static requests = {
    '/index': 'index',
    '/update': 'index',
    '/delete': 'delete',
    '/search': 'search',
    '/count': 'count',
    '/mark': 'mark',
  }
  ranking = { limit: 10, by: 'sqeuclidean', order: 'ascending' }
  #docs = new Map()

  index(docs) {
    for (const doc of docs) this.#docs.set(doc.id, doc)
  }

  delete(docs) {
    for (const doc of docs) this.#docs.delete(doc.id)
  }

  /** The nearest documents with the tags of `filter`; fails on the shard `broken`. */
  search(docs, { parameters: { limit = this.ranking.limit, filter = {}, broken = -1 } }) {
    const { shardId } = this.runtimeArgs
    if (shardId === broken) throw new RangeError(`the index of shard ${shardId} is broken`)
    const wanted = Object.entries(filter)
    const stored = [...this.#docs.values()].filter(({ tags }) =>
      wanted.every(([name, value]) => tags[name] === value),
    )
    for (const doc of docs) {
      const scored = stored.map((match) => ({ match, value: distance(doc, match) }))
      scored.sort((a, b) => a.value - b.value || (a.match.id < b.match.id ? -1 : 1))
      doc.matches = new DocumentArray(
        scored.slice(0, limit).map(({ match: { id, text, tags, embedding }, value }) => ({
          id,
          text,
          tags,
          embedding,
          scores: { sqeuclidean: { value } },
        })),
      )
    }
  }

  count() {
    return { count: this.#docs.size }
  }

  mark(docs) {
    for (const doc of docs) doc.tags = { ...doc.tags, shard: this.runtimeArgs.shardId }
  }
}

/** Records requests of any endpoint. */
export class Witness extends Executor {
  static module = import.meta.url
  static requests = { '/index': 'see', '/search': 'see', '/foo': 'see', '/fail': 'fail' }

  see() {
    return { shard: this.runtimeArgs.shardId }
  }

  fail() {
    if (this.runtimeArgs.shardId === 1) throw new RangeError('not on this shard')
  }
}

/** Returns its documents, with its shard number. */
export class Giver extends Executor {
  static module = import.meta.url
  static requests = { '/keep': 'give', '/gather': 'give', '/pass': 'give' }

  give(docs) {
    for (const doc of docs) doc.text = `${doc.id} of ${this.runtimeArgs.shardId}`
  }
}

/** Returns which answers its documents come from. */
export class Matrix extends Executor {
  static module = import.meta.url
  static requests = { '/keep': 'tell', '/gather': 'tell', '/pass': 'tell' }

  tell(docs, { docsMatrix, docsMap }) {
    return {
      sizes: docsMatrix.map(({ length }) => length),
      from: Object.keys(docsMap),
      texts: docs.texts,
    }
  }
}

function distance({ embedding: one }, { embedding: other }) {
  let sum = 0
  for (let at = 0; at < one.data.length; at++) sum += (one.data[at] - other.data[at]) ** 2
  return Math.fround(sum)
}
