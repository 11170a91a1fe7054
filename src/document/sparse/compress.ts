import { MillraceError } from '../../errors.js'
import type { TypedArray } from '../dtype.js'
import type { IndexArray } from './elements.js'

/** Rows (CSR) or columns (CSC) that a matrix may have regardless of its number of elements. */
const maxEmptyMajors = 2 ** 20

interface Compressed {
  readonly indptr: IndexArray
  readonly indices: IndexArray
  readonly data: TypedArray
}

/**
 * Sorts triples by their major index (the row for CSR, the column for CSC); the sort is stable. `majors` is the number of rows
 * (CSR) or columns (CSC). Throws INVALID_INPUT when it is far larger than the number of elements, because its memory would be
 * out of proportion to the bytes sent.
 */
export function compress(major: IndexArray, minor: IndexArray, data: TypedArray, majors: number): Compressed {
  if (majors > maxEmptyMajors && majors > 64 * data.length) {
    throw new MillraceError(
      'INVALID_INPUT',
      `A shape of ${majors} rows or columns for only ${data.length} elements.`,
    )
  }
  const indptr = new Int32Array(majors + 1)
  let sorted = true
  for (let at = 0; at < major.length; at++) {
    indptr[major[at]! + 1]!++
    if (at > 0 && major[at]! < major[at - 1]!) sorted = false
  }
  for (let at = 0; at < majors; at++) indptr[at + 1]! += indptr[at]!
  if (sorted) return { indptr, indices: minor, data }
  const next = indptr.slice()
  const indices = minor.slice()
  const values = data.slice()
  for (let at = 0; at < major.length; at++) {
    const position = next[major[at]!]!++
    indices[position] = minor[at]!
    values[position] = data[at]!
  }
  return { indptr, indices, data: values }
}

/** The major index of every element. */
export function expand(indptr: IndexArray): Int32Array {
  const majors = new Int32Array(indptr.at(-1)!)
  for (let major = 0; major + 1 < indptr.length; major++) majors.fill(major, indptr[major], indptr[major + 1])
  return majors
}
