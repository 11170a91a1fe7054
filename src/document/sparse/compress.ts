import { MillraceError } from '../../errors.js'
import type { TypedArray } from '../dtype.js'
import type { IndexArray } from './elements.js'

/** Lines that a matrix may have regardless of its number of elements. */
const emptyLines = 2 ** 20

interface Compressed {
  readonly indptr: IndexArray
  readonly indices: IndexArray
  readonly data: TypedArray
}

/**
 * Sorts triples by line (row for CSR, column for CSC), keeping the order within a line. Throws INVALID_INPUT for a shape
 * with far more lines than elements, whose memory would be out of proportion to the bytes sent.
 */
export function compress(line: IndexArray, across: IndexArray, data: TypedArray, lines: number): Compressed {
  if (lines > emptyLines && lines > 64 * data.length) {
    throw new MillraceError('INVALID_INPUT', `A shape of ${lines} lines for only ${data.length} elements.`)
  }
  const indptr = new Int32Array(lines + 1)
  let sorted = true
  for (let at = 0; at < line.length; at++) {
    indptr[line[at]! + 1]!++
    if (at > 0 && line[at]! < line[at - 1]!) sorted = false
  }
  for (let at = 0; at < lines; at++) indptr[at + 1]! += indptr[at]!
  if (sorted) return { indptr, indices: across, data }
  const next = indptr.slice()
  const indices = across.slice()
  const values = data.slice()
  for (let at = 0; at < line.length; at++) {
    const position = next[line[at]!]!++
    indices[position] = across[at]!
    values[position] = data[at]!
  }
  return { indptr, indices, data: values }
}

/** The line number of every element. */
export function expand(indptr: IndexArray): Int32Array {
  const lines = new Int32Array(indptr.at(-1)!)
  for (let line = 0; line + 1 < indptr.length; line++) lines.fill(line, indptr[line], indptr[line + 1])
  return lines
}
