import { setTimeout as sleep } from 'node:timers/promises'

import { CsrMatrix, Document, DocumentArray, Executor, NdArray } from 'millrace'

function arrival() {
  let come
  const came = new Promise((resolve) => (come = resolve))
  return { came, come }
}

/** The stage before the counterpart. */
export class First extends Executor {
  static module = import.meta.url
  static requests = { '/late-first': 'lateFirst', '/mark': 'mark', '/together': 'together' }
  #second = arrival()
  #running = 0
  #most = 0
  #arrived = 0
  #held
  #letGo

  /** Answers the first request only after the second one, whichever comes first: over HTTP they are on two connections. */
  async lateFirst(docs) {
    if (docs.at(0).text === 'first') {
      await this.#second.came
      this.#second = arrival()
    } else setImmediate(() => this.#second.come())
  }

  mark(docs) {
    for (const doc of docs) doc.tags.marks = ['first']
  }

  /**
   * Answers once this many requests run at once, or the last one `of` them has come, after a short delay that would reveal one
   * too many.
   */
  async together(_docs, { parameters }) {
    this.#running++
    this.#most = Math.max(this.#most, this.#running)
    this.#arrived++
    if (this.#running === parameters.together || this.#arrived % parameters.of === 0) {
      await sleep(20)
      this.#letGo?.()
      this.#held = undefined
    } else {
      this.#held ??= new Promise((resolve) => (this.#letGo = resolve))
      await this.#held
    }
    this.#running--
    return { most: this.#most }
  }
}

/** The last stage of the Flow that the real Jina client uses. */
export class Counterpart extends Executor {
  static module = import.meta.url
  static requests = {
    '/upper': 'upper',
    '/touch': 'touch',
    '/touch-embedding': 'touchEmbedding',
    '/embed-sparse': 'embedSparse',
    '/nest': 'nest',
    '/seen': 'seen',
    '/ask': 'ask',
    '/fail-on-bad': 'failOnBad',
    '/mark': 'mark',
    '/other-documents': 'otherDocuments',
    '/pid': 'pid',
  }

  upper(docs) {
    for (const doc of docs) doc.text = doc.text.toUpperCase()
  }

  /** Returns the tensor as a new one, beside the unchanged one. */
  touch(docs) {
    for (const doc of docs) {
      const { data, shape, dtype } = doc.tensor
      doc.embedding = new NdArray({ data: data.slice(), shape, dtype })
    }
  }

  /** Encodes the decoded tensor again. */
  touchEmbedding(docs) {
    for (const doc of docs) {
      const { embedding } = doc
      doc.embedding = embedding
    }
  }

  embedSparse(docs) {
    const rows = docs.length
    docs.embeddings = new CsrMatrix({
      shape: [rows, 7],
      indptr: Int32Array.from({ length: rows + 1 }, (_, row) => row * 2),
      indices: Int32Array.from({ length: rows * 2 }, (_, at) => (at % 2 === 0 ? 1 : 5)),
      data: Float64Array.from({ length: rows * 2 }, (_, at) => at + 0.5),
    })
  }

  nest(docs) {
    for (const doc of docs) {
      doc.chunks.push(new Document({ id: 'made-chunk', text: `${doc.chunks.at(0).text} again` }))
      doc.matches.push(new Document({ id: 'made-match', blob: new Uint8Array([0, 255]) }))
    }
  }

  seen(docs) {
    return {
      count: docs.length,
      tags: Array.from(docs, (doc) => doc.tags),
      bytes: Array.from(docs, (doc) => (doc.blob ? Array.from(doc.blob) : null)),
    }
  }

  ask(_docs, { parameters, headers, endpoint }) {
    return { parameters, endpoint, tenant: headers['x-tenant'] ?? null }
  }

  failOnBad(docs) {
    if (docs.texts.includes('bad')) throw new TypeError('this one is bad')
  }

  mark(docs) {
    for (const doc of docs) doc.tags.marks = [...(doc.tags.marks ?? []), 'counterpart']
  }

  otherDocuments() {
    return new DocumentArray([new Document({ text: 'one' }), new Document({ text: 'two' })])
  }

  pid() {
    return { pid: process.pid }
  }
}
