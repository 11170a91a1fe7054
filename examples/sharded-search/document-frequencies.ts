import { COLUMNS, countColumns } from './hashed-words.js'

/** The statistics of a whole corpus that tf-idf needs; plain data, so that it can be passed to pods. */
export interface DocumentFrequencies {
  readonly documents: number
  /** Number of documents with a word of each column. */
  readonly byColumn: readonly number[]
}

export function countDocuments(texts: Iterable<string>): DocumentFrequencies {
  const byColumn = new Array<number>(COLUMNS).fill(0)
  let documents = 0
  for (const text of texts) {
    documents++
    for (const column of countColumns(text).keys()) byColumn[column]!++
  }
  return { documents, byColumn }
}

/** The weight of each column: ln((1 + documents) / (1 + frequency)) + 1, as in scikit-learn. */
export function inverseFrequencies({ documents, byColumn }: DocumentFrequencies): Float64Array {
  return Float64Array.from(byColumn, (frequency) => Math.log((1 + documents) / (1 + frequency)) + 1)
}
