import { MillraceError } from '../../errors.js'
import { NdArray } from '../nd-array.js'
import type { SparseMatrix } from './coo.js'

const maxDense = 2 ** 24

/** Converts to a dense array. Throws INVALID_INPUT beyond 2^24 elements, where that is surely a mistake. */
export function toDense(matrix: SparseMatrix): NdArray {
  const [rows, columns] = matrix.shape
  if (rows * columns > maxDense) {
    throw new MillraceError(
      'INVALID_INPUT',
      `A dense [${rows}, ${columns}] would have more than ${maxDense} elements; keep it sparse or take rows of it.`,
    )
  }
  const { row, column, data, dtype } = matrix.toCoo()
  const dense = new (data.constructor as Float64ArrayConstructor)(rows * columns)
  for (let at = 0; at < data.length; at++) {
    // repeated positions add up, as in scipy
    const position = row[at]! * columns + column[at]!
    dense[position] = dense[position]! + (data[at] as number)
  }
  return new NdArray({ data: dense, shape: [rows, columns], dtype })
}
