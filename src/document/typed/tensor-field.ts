import { MillraceError } from '../../errors.js'
import { type Dtype, emptyArray, holds, isTypedArray, type TypedArray } from '../dtype.js'
import { float32ToFloat16 } from '../float16.js'
import { NdArray, type NestedNumbers } from '../nd-array.js'
import { flatten } from '../nested.js'
import type { Numbers } from '../vector.js'
import { mismatch } from './validate.js'

interface ElementsOf {
  bool: Uint8Array
  int8: Int8Array
  uint8: Uint8Array
  int16: Int16Array
  uint16: Uint16Array
  int32: Int32Array
  uint32: Uint32Array
  int64: BigInt64Array
  uint64: BigUint64Array
  float16: Uint16Array
  float32: Float32Array
  float64: Float64Array
}

/** The name of a dtype in numpy; `float16` has its bits in a Uint16Array. */
export type DtypeName = keyof ElementsOf

const typestrs: Readonly<Record<DtypeName, Dtype>> = {
  bool: '|b1',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  uint64: '<u8',
  float16: '<f2',
  float32: '<f4',
  float64: '<f8',
}

const names = new Map(Object.entries(typestrs).map(([name, typestr]) => [typestr, name as DtypeName]))

/** Lengths of dimensions; null for any length. */
export type Shape = readonly (number | null)[]

/** A dense tensor of one dtype. Compare `tensor()`. */
export interface TensorField<
  Elements extends TypedArray = TypedArray,
  S extends Shape | null = Shape | null,
> {
  readonly kind: 'tensor'
  readonly dtype: DtypeName
  /** Null for any shape. */
  readonly shape: S
  /** Only for types. */
  readonly elements?: Elements
}

/** What may be given for a tensor: an array, its elements in C order, or nested lists of numbers. */
export type TensorInput<Elements extends TypedArray> = NdArray<Elements> | Elements | readonly NestedNumbers[]

/**
 * A field of `doc()` that is a dense tensor, checked by dtype and shape, never number by number. A length of null is any; without
 * a shape any is allowed. Throws INVALID_OPTION.
 *
 * @example
 * const Image = doc({ tensor: tensor('uint8', [null, null, 3]), embedding: tensor('float32', [384]) })
 */
export function tensor<D extends DtypeName, const S extends Shape | null = null>(
  dtype: D,
  shape?: S,
): TensorField<ElementsOf[D], S> {
  if (!Object.hasOwn(typestrs, dtype)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `tensor(): there is no dtype '${String(dtype)}'; there are ${Object.keys(typestrs).join(', ')}.`,
    )
  }
  if (shape !== undefined && shape !== null && !isShape(shape)) {
    throw new MillraceError(
      'INVALID_OPTION',
      `tensor(): a shape is a list of lengths, whole numbers from 0 or null for any, not ${JSON.stringify(shape)}.`,
    )
  }
  return { kind: 'tensor', dtype, shape: (shape ?? null) as S }
}

function isShape(shape: unknown): boolean {
  return (
    Array.isArray(shape) &&
    shape.every((length) => length === null || (Number.isSafeInteger(length) && Number(length) >= 0))
  )
}

/** Numpy's typestr of the field's dtype. */
export function typestrOf({ dtype }: TensorField): Dtype {
  return typestrs[dtype]
}

/** `float32 [384]`, for messages. */
export function tensorText({ dtype, shape }: TensorField): string {
  return shape === null ? dtype : `${dtype} [${shape.map((length) => length ?? 'any').join(', ')}]`
}

/**
 * The tensor as an NdArray of the field's dtype and shape. Elements without a shape get that of the field. Lists of numbers have
 * no dtype of their own, and JSON makes float64 of them: these are converted. Throws INVALID_INPUT for every other difference.
 */
export function parseTensor(field: TensorField, value: unknown): NdArray {
  const { shape } = field
  const given = toNdArray(field, value)
  if (shape !== null && !fits(given.shape, shape)) throw unexpected(field, given)
  const typestr = typestrOf(field)
  if (given.dtype === typestr) return given
  if (given.dtype !== '<f8') throw unexpected(field, given)
  const data = converted(given.data as Float64Array, typestr)
  if (data === undefined) throw unexpected(field, given)
  return new NdArray({ data, shape: given.shape, dtype: typestr })
}

function toNdArray(field: TensorField, value: unknown): NdArray {
  if (value instanceof NdArray) return value
  if (isTypedArray(value)) return ofElements(field, value)
  if (Array.isArray(value)) return new NdArray(flatten(value))
  if (isDense(value)) return new NdArray({ data: value.data, shape: value.shape, dtype: value.dtype })
  throw unexpected(field, value)
}

/** An NdArray of another copy of the package. */
function isDense(value: unknown): value is NdArray {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'dense'
}

function ofElements({ dtype, shape }: TensorField, data: TypedArray): NdArray {
  const typestr = typestrs[dtype]
  const given = holds(typestr, data) ? { data, dtype: typestr } : { data }
  if (shape === null) return new NdArray(given)
  const known = shape.reduce<number>((product, length) => product * (length ?? 1), 1)
  const open = shape.filter((length) => length === null).length
  const rest = data.length / known
  const isWhole = open === 1 && known > 0 && Number.isInteger(rest)
  if (!isWhole && (open > 0 || known !== data.length)) return new NdArray(given)
  return new NdArray({ ...given, shape: shape.map((length) => length ?? rest) })
}

function fits(given: readonly number[], wanted: Shape): boolean {
  if (given.length !== wanted.length) return false
  for (let at = 0; at < wanted.length; at++) {
    if (wanted[at] !== null && wanted[at] !== given[at]) return false
  }
  return true
}

/** Undefined where a number cannot be an element. */
function converted(values: Float64Array, typestr: Dtype): TypedArray | undefined {
  // numbers are no booleans, but an empty list has no numbers
  if (typestr === '|b1' && values.length > 0) return undefined
  if (typestr === '<f2') return float32ToFloat16(values)
  if (typestr === '<i8' || typestr === '<u8') {
    if (!values.every((value) => Number.isSafeInteger(value) && (typestr === '<i8' || value >= 0)))
      return undefined
    return typestr === '<i8'
      ? BigInt64Array.from(values, (value) => BigInt(value))
      : BigUint64Array.from(values, (value) => BigInt(value))
  }
  const data = emptyArray(typestr, values.length) as Numbers
  data.set(values)
  if (typestr === '<f4' || values.every((value, at) => value === data[at])) return data
  return undefined
}

function unexpected(field: TensorField, came: unknown): MillraceError {
  if (!isDense(came)) return mismatch(`expected ${tensorText(field)}`, came)
  const name = names.get(came.dtype) ?? came.dtype
  return new MillraceError(
    'INVALID_INPUT',
    `expected ${tensorText(field)}; got ${name} [${came.shape.join(', ')}]`,
  )
}
