import { MillraceError } from '../../errors.js'
import { type Dtype, dtypeOf, holds, isTypedArray, type TypedArray } from '../dtype.js'

/** Row or column numbers; 32 bits, like the shape on the wire. */
export type IndexArray = Int32Array | Uint32Array

/** Stored elements; an array of numbers becomes a Float64Array. */
export type Values = TypedArray | readonly number[]

export function valuesOf(values: Values): TypedArray {
  return isTypedArray(values) ? values : Float64Array.from(values)
}

export function valuesDtype(values: TypedArray, dtype: Dtype | undefined): Dtype {
  if (dtype === undefined) return dtypeOf(values)
  if (holds(dtype, values)) return dtype
  throw new MillraceError('INVALID_INPUT', `dtype ${dtype} cannot be held by a ${values.constructor.name}.`)
}

export function indexArray(values: ArrayLike<number>): IndexArray {
  if (values instanceof Int32Array || values instanceof Uint32Array) return values
  let largest = 0
  for (let at = 0; at < values.length; at++) if (values[at]! > largest) largest = values[at]!
  return largest > 0x7fffffff ? Uint32Array.from(values) : Int32Array.from(values)
}

export function checkedShape(shape: readonly number[]): readonly [number, number] {
  const [rows, columns] = shape
  if (shape.length === 2 && isLength(rows) && isLength(columns)) return [rows, columns]
  throw new MillraceError(
    'INVALID_INPUT',
    `A sparse matrix has a shape of [rows, columns], got [${shape.join(', ')}].`,
  )
}

function isLength(value: number | undefined): value is number {
  return Number.isInteger(value) && value! >= 0 && value! < 2 ** 32
}

/** Throws INVALID_INPUT unless `pointers` starts at 0, never decreases, and ends at `stored`. */
export function checkPointers(pointers: IndexArray, majors: number, stored: number): void {
  if (pointers.length !== majors + 1 || pointers[0] !== 0 || pointers[majors] !== stored) {
    throw new MillraceError(
      'INVALID_INPUT',
      `indptr must have ${majors + 1} entries from 0 to ${stored}, got ${pointers.length} ending at ${pointers.at(-1)}.`,
    )
  }
  for (let at = 1; at <= majors; at++) {
    if (pointers[at]! < pointers[at - 1]!) {
      throw new MillraceError('INVALID_INPUT', `indptr decreases at entry ${at}; it must never decrease.`)
    }
  }
}

/** Throws INVALID_INPUT unless every index is in 0 … limit − 1. */
export function checkIndices(indices: IndexArray, limit: number, name: string): void {
  for (let at = 0; at < indices.length; at++) {
    if (!(indices[at]! < limit && indices[at]! >= 0)) {
      throw new MillraceError(
        'INVALID_INPUT',
        `${name}[${at}] is ${indices[at]}, the shape allows 0 to ${limit - 1}.`,
      )
    }
  }
}
