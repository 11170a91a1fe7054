import { Executor } from 'millrace'

const length = 64

/** Gives every document the counts of its words, each word at a place of its own: the slow Executor of the tutorial, made short. */
export class MyTokenizer extends Executor {
  static module = import.meta.url
  static requests = { '/default': 'vectorize' }

  vectorize(docs) {
    for (const doc of docs) {
      const counts = new Float32Array(length)
      for (const word of doc.text.match(/\w+/g) ?? []) counts[placeOf(word)] += 1
      doc.embedding = counts
    }
  }
}

function placeOf(word) {
  let hash = 0
  for (const letter of word) hash = (hash * 31 + letter.codePointAt(0)) % 65_536
  return hash % length
}
