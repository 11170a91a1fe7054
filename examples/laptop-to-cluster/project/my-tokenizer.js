import { Executor } from 'millrace'

const length = 64

/** Counts the words of each document, each word in a slot by its hash: a short version of the tutorial's slow Executor. */
export class MyTokenizer extends Executor {
  static module = import.meta.url
  static requests = { '/default': 'vectorize' }

  vectorize(docs) {
    for (const doc of docs) {
      const counts = new Float32Array(length)
      for (const word of doc.text.match(/\w+/g) ?? []) counts[slotOf(word)] += 1
      doc.embedding = counts
    }
  }
}

function slotOf(word) {
  let hash = 0
  for (const letter of word) hash = (hash * 31 + letter.codePointAt(0)) % 65_536
  return hash % length
}
