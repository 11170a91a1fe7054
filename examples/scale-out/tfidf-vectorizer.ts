import { CsrMatrix } from 'millrace'
import { Vocabulary } from './tfidf/vocabulary.js'
import { inverseDocumentFrequency, weigh, type WeightOptions } from './tfidf/weights.js'
import { countWords, type SortedCounts, sortByColumn } from './tfidf/word-counts.js'

/** Strings; other values of `docs.contents` are accepted by the type and refused with an error. */
export type Texts = Iterable<unknown> | object | undefined

interface Fitted {
  readonly vocabulary: Vocabulary
  /** `order[column]` is the id of the word of that column. */
  readonly order: Int32Array
  readonly idf: Float64Array
}

/**
 * Texts as sparse rows of tf-idf weights, with the semantics and defaults of scikit-learn's class of the same name: lower case,
 * words of two or more letters, digits or underscores, raw counts, smooth idf, rows of euclidean length 1, columns in the
 * order of the sorted vocabulary.
 *
 * ```ts
 * const matrix = new TfidfVectorizer().fitTransform(['one fish two fish', 'red fish'])   // 2 rows, 4 columns
 * ```
 */
export class TfidfVectorizer {
  readonly #options: WeightOptions
  #fitted: Fitted | undefined

  constructor(options: WeightOptions = {}) {
    this.#options = options
  }

  /** Learns vocabulary and idf. Throws a RangeError when no text has a word. */
  fit(texts: Texts): this {
    this.#learn(texts)
    return this
  }

  /** Transforms texts with the learnt vocabulary and idf; unknown words are ignored. */
  transform(texts: Texts): CsrMatrix {
    const { vocabulary, order, idf } = this.#known()
    const counts = sortByColumn(countWords(strings(texts), vocabulary), order)
    return this.#weighed(counts, idf)
  }

  /** `fit` and `transform` of the same texts in one step. Throws a RangeError when no text has a word. */
  fitTransform(texts: Texts): CsrMatrix {
    const counts = this.#learn(texts)
    return this.#weighed(counts, this.#known().idf)
  }

  /** The learnt words, by code point: the word of column i is at i. */
  get words(): string[] {
    const { vocabulary, order } = this.#known()
    return Array.from(order, (id) => vocabulary.wordOf(id))
  }

  /** The learnt inverse document frequency of each column. */
  get idf(): Float64Array {
    return this.#known().idf
  }

  #learn(texts: Texts): SortedCounts {
    const vocabulary = new Vocabulary()
    const entries = countWords(strings(texts), vocabulary)
    if (vocabulary.size === 0) {
      throw new RangeError(
        `empty vocabulary: none of ${entries.rows} texts has a word of two or more letters or digits`,
      )
    }
    vocabulary.close()
    const order = vocabulary.sorted()
    const counts = sortByColumn(entries, order)
    const idf = inverseDocumentFrequency(counts.documentFrequency, entries.rows, this.#options)
    this.#fitted = { vocabulary, order, idf }
    return counts
  }

  #weighed(counts: SortedCounts, idf: Float64Array): CsrMatrix {
    weigh(counts, idf, this.#options)
    const { indptr, indices, data } = counts
    return new CsrMatrix({ shape: [indptr.length - 1, idf.length], indptr, indices, data })
  }

  #known(): Fitted {
    if (this.#fitted === undefined) throw new Error('not fitted: call fit() or fitTransform() first')
    return this.#fitted
  }
}

function* strings(texts: Texts): Generator<string> {
  if (typeof texts !== 'object' || !(Symbol.iterator in texts)) {
    throw new TypeError(`expected an iterable of texts, came ${described(texts)}`)
  }
  let index = 0
  for (const text of texts as Iterable<unknown>) {
    if (typeof text !== 'string')
      throw new TypeError(`expected text ${index} to be a string, came ${described(text)}`)
    index++
    yield text
  }
}

function described(value: unknown): string {
  if (typeof value === 'string') return 'one string: wrap it in []'
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'object'}`
  return String(value)
}
