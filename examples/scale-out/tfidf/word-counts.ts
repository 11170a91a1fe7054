import type { Vocabulary } from './vocabulary.js'

/** Word counts of each document, concatenated: entries `starts[row]` to `starts[row + 1]` are one row. */
export interface WordCounts {
  readonly rows: number
  readonly starts: Int32Array
  /** The id of the word of each entry, in order of first appearance in the document. */
  readonly ids: Int32Array
  readonly counts: Int32Array
}

/** Compressed sparse rows whose columns ascend within each row. */
export interface SortedCounts {
  readonly indptr: Int32Array
  readonly indices: Int32Array
  readonly data: Float64Array
  /** Number of rows that have the column. */
  readonly documentFrequency: Int32Array
}

export function countWords(texts: Iterable<string>, vocabulary: Vocabulary): WordCounts {
  const starts: number[] = [0]
  let ids = new Int32Array(16_384)
  let counts = new Int32Array(16_384)
  let entryOf = new Int32Array(16_384).fill(-1)
  let size = 0
  for (const text of texts) {
    const words = vocabulary.idsOf(text)
    if (size + words.length > ids.length) {
      const capacity = (size + words.length) * 2
      ids = enlarged(ids, capacity, 0)
      counts = enlarged(counts, capacity, 0)
    }
    if (vocabulary.size > entryOf.length) entryOf = enlarged(entryOf, vocabulary.size * 2, -1)
    const start = starts[starts.length - 1] as number
    for (let index = 0; index < words.length; index++) {
      const id = words[index] as number
      const entry = entryOf[id] as number
      if (entry >= start) {
        counts[entry] = (counts[entry] as number) + 1
      } else {
        entryOf[id] = size
        ids[size] = id
        counts[size++] = 1
      }
    }
    starts.push(size)
  }
  return {
    rows: starts.length - 1,
    starts: Int32Array.from(starts),
    ids: ids.subarray(0, size),
    counts: counts.subarray(0, size),
  }
}

/**
 * Sorts the entries of each row by column, with one counting sort over all rows. `order[column]` is the id of the word
 * that belongs to the column.
 */
export function sortByColumn(input: WordCounts, order: Int32Array): SortedCounts {
  const { rows, starts, ids, counts } = input
  const columns = order.length
  const frequencyOf = new Int32Array(columns)
  for (let entry = 0; entry < ids.length; entry++) {
    frequencyOf[ids[entry] as number] = (frequencyOf[ids[entry] as number] as number) + 1
  }
  const documentFrequency = new Int32Array(columns)
  const nextOf = new Int32Array(columns)
  for (let column = 0, position = 0; column < columns; column++) {
    const id = order[column] as number
    documentFrequency[column] = frequencyOf[id] as number
    nextOf[id] = position
    position += frequencyOf[id] as number
  }
  const rowsByColumn = new Int32Array(ids.length)
  const countsByColumn = new Int32Array(ids.length)
  for (let row = 0; row < rows; row++) {
    for (let entry = starts[row] as number; entry < (starts[row + 1] as number); entry++) {
      const id = ids[entry] as number
      const position = nextOf[id] as number
      nextOf[id] = position + 1
      rowsByColumn[position] = row
      countsByColumn[position] = counts[entry] as number
    }
  }
  const indices = new Int32Array(ids.length)
  const data = new Float64Array(ids.length)
  const next = starts.slice(0, rows)
  for (let column = 0, entry = 0; column < columns; column++) {
    for (const end = entry + (documentFrequency[column] as number); entry < end; entry++) {
      const row = rowsByColumn[entry] as number
      const position = next[row] as number
      next[row] = position + 1
      indices[position] = column
      data[position] = countsByColumn[entry] as number
    }
  }
  return { indptr: starts, indices, data, documentFrequency }
}

function enlarged(numbers: Int32Array, capacity: number, rest: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity).fill(rest, numbers.length)
  larger.set(numbers)
  return larger
}
