import { MillraceError } from '../errors.js'
import { type Dtype, dtypeOf, holds, type TypedArray } from './dtype.js'
import { toNumbers } from './float16.js'

/** Arguments of `new NdArray`. */
export interface NdArrayInit<Elements extends TypedArray = TypedArray> {
  /** Elements in C order (the last index varies fastest). */
  readonly data: Elements
  /** Default: one dimension with all elements. */
  readonly shape?: readonly number[]
  /** Default: by the typed array; needed for `|b1` (in a Uint8Array) and `<f2` (bits in a Uint16Array). */
  readonly dtype?: Dtype
  /** The class that a Python reader makes: `numpy` (default), `list`, `torch`, `tensorflow`, `paddle`. */
  readonly clsName?: string
}

/** Numbers or booleans in nested lists of equal length; null (JSON's NaN) counts as NaN. */
export type NestedNumbers = number | boolean | null | readonly NestedNumbers[]

/**
 * A dense n-dimensional array, as numpy has it.
 *
 * @example
 * const image = new NdArray({ data: new Uint8Array(12), shape: [2, 2, 3] })
 * const mask = new NdArray({ data: Uint8Array.of(0, 1), dtype: '|b1' })
 */
export class NdArray<Elements extends TypedArray = TypedArray> {
  readonly kind = 'dense'
  /** Elements in C order (the last index varies fastest). */
  readonly data: Elements
  /** Length of each dimension; empty for a scalar. */
  readonly shape: readonly number[]
  readonly dtype: Dtype
  /** The class that a Python reader makes. */
  readonly clsName: string

  /** Throws INVALID_INPUT when shape or dtype do not fit the elements. */
  constructor(init: NdArrayInit<Elements>) {
    const { data, shape = [data.length], dtype = dtypeOf(data), clsName = 'numpy' } = init
    const size = shape.reduce((product, length) => product * length, 1)
    if (size !== data.length || shape.some((length) => !Number.isInteger(length) || length < 0)) {
      throw new MillraceError(
        'INVALID_INPUT',
        `Shape [${shape.join(', ')}] needs ${size} elements, the array has ${data.length}.`,
      )
    }
    if (!holds(dtype, data)) {
      throw new MillraceError('INVALID_INPUT', `dtype ${dtype} cannot be held by a ${data.constructor.name}.`)
    }
    this.data = data
    this.shape = shape
    this.dtype = dtype
    this.clsName = clsName
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length
  }

  /** Entry `index` of the first dimension, as a view of the same elements. */
  row(index: number): NdArray<Elements> {
    const [rows, ...shape] = this.shape
    if (rows === undefined || !(index >= 0 && index < rows)) {
      throw new MillraceError(
        'INVALID_INPUT',
        `There is no row ${index} in an array of shape [${this.shape.join(', ')}].`,
      )
    }
    const length = this.data.length / rows
    // a view of the same class
    const data = this.data.subarray(index * length, (index + 1) * length) as Elements
    return new NdArray({ data, shape, dtype: this.dtype, clsName: this.clsName })
  }

  /** All elements as doubles, in C order; int64 beyond 2^53 is rounded. Shares memory when it is a Float64Array already. */
  toFloat64(): Float64Array {
    return toNumbers(this.data, this.dtype)
  }

  /** Nested lists as numpy's `tolist()`: a bare number for no dimension, booleans for `|b1`. */
  toList(): NestedNumbers {
    const values = this.toFloat64()
    const one = this.dtype === '|b1' ? (at: number) => values[at] !== 0 : (at: number) => values[at]!
    let position = 0
    const level = (depth: number): NestedNumbers => {
      if (depth === this.shape.length) return one(position++)
      return Array.from({ length: this.shape[depth]! }, () => level(depth + 1))
    }
    return level(0)
  }

  /** As `toList()`. */
  toJSON(): NestedNumbers {
    return this.toList()
  }
}
