import type { SortedCounts } from './word-counts.js'

export interface WeightOptions {
  /**
   * Length of every row afterwards: euclidean (`'l2'`), sum of absolute values (`'l1'`), or unchanged (`null`). Default
   * `'l2'`.
   */
  readonly norm?: 'l2' | 'l1' | null
  /** Whether words in many documents weigh less. Default true. */
  readonly useIdf?: boolean
  /** Whether document frequencies are computed as if one more document contained every word once. Default true. */
  readonly smoothIdf?: boolean
  /** Whether a count becomes 1 + ln(count). Default false. */
  readonly sublinearTf?: boolean
}

/** Inverse document frequency: ln((1 + rows) / (1 + frequency)) + 1, without the two ones inside when not smooth. */
export function inverseDocumentFrequency(
  frequencies: Int32Array,
  rows: number,
  options: WeightOptions,
): Float64Array {
  if (options.useIdf === false) return new Float64Array(frequencies.length).fill(1)
  const more = options.smoothIdf === false ? 0 : 1
  // few distinct frequencies, many words
  const known = new Float64Array(rows + 1)
  for (let frequency = 1; frequency <= rows; frequency++) {
    known[frequency] = Math.log((rows + more) / (frequency + more)) + 1
  }
  const idf = new Float64Array(frequencies.length)
  for (let column = 0; column < idf.length; column++)
    idf[column] = known[frequencies[column] as number] as number
  return idf
}

/** Turns counts into weights, in place. */
export function weigh(counts: SortedCounts, idf: Float64Array, options: WeightOptions): void {
  const { indptr, indices, data } = counts
  const { norm = 'l2', sublinearTf = false } = options
  for (let row = 0; row + 1 < indptr.length; row++) {
    const start = indptr[row] as number
    const end = indptr[row + 1] as number
    let sum = 0
    for (let entry = start; entry < end; entry++) {
      const count = data[entry] as number
      const weight = (sublinearTf ? 1 + Math.log(count) : count) * (idf[indices[entry] as number] as number)
      data[entry] = weight
      sum += norm === 'l2' ? weight * weight : weight
    }
    // an empty row stays empty
    if (norm === null || sum === 0) continue
    const length = norm === 'l2' ? Math.sqrt(sum) : sum
    for (let entry = start; entry < end; entry++) data[entry] = (data[entry] as number) / length
  }
}
