import { MillraceError } from '../errors.js'

/** Elements of a tensor; `Dtype` says how they are stored where several types share an array. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/**
 * Supported typestrs of numpy: `|b1` bool and `|u1` in a Uint8Array, `<f2` as its 16 bits in a Uint16Array (see float16.ts),
 * `<i8` and `<u8` in BigInt arrays, the others in the typed array of that size.
 */
export type Dtype =
  | '|b1'
  | '|i1'
  | '|u1'
  | '<i2'
  | '<u2'
  | '<i4'
  | '<u4'
  | '<i8'
  | '<u8'
  | '<f2'
  | '<f4'
  | '<f8'

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number
  new (length: number): TypedArray
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray
}

const arrays: Record<Dtype, TypedArrayConstructor> = {
  '|b1': Uint8Array,
  '|i1': Int8Array,
  '|u1': Uint8Array,
  '<i2': Int16Array,
  '<u2': Uint16Array,
  '<i4': Int32Array,
  '<u4': Uint32Array,
  '<i8': BigInt64Array,
  '<u8': BigUint64Array,
  '<f2': Uint16Array,
  '<f4': Float32Array,
  '<f8': Float64Array,
}

const dtypes = new Map<unknown, Dtype>([
  [Int8Array, '|i1'],
  [Uint8Array, '|u1'],
  [Uint8ClampedArray, '|u1'],
  [Int16Array, '<i2'],
  [Uint16Array, '<u2'],
  [Int32Array, '<i4'],
  [Uint32Array, '<u4'],
  [BigInt64Array, '<i8'],
  [BigUint64Array, '<u8'],
  [Float32Array, '<f4'],
  [Float64Array, '<f8'],
])

/** How a typestr is stored: its dtype here, and whether the bytes must be swapped. */
interface Layout {
  readonly dtype: Dtype
  readonly size: number
  readonly swapped: boolean
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

export function dtypeOf(array: TypedArray): Dtype {
  const dtype = dtypes.get(array.constructor)
  if (dtype !== undefined) return dtype
  if (array instanceof Uint8Array) return '|u1' // a Buffer
  throw new MillraceError('INVALID_INPUT', `A ${array.constructor.name} has no numpy dtype.`)
}

/** Whether the elements of `array` can represent `dtype`: the same typed array, or its raw bits. */
export function holds(dtype: Dtype, array: TypedArray): boolean {
  const constructor: unknown = arrays[dtype]
  return array.constructor === constructor || (array instanceof Uint8Array && constructor === Uint8Array)
}

export function isDtype(text: string): text is Dtype {
  return Object.hasOwn(arrays, text)
}

export function emptyArray(dtype: Dtype, length: number): TypedArray {
  return new arrays[dtype](length)
}

/** Parses numpy's typestr; undefined when no typed array can hold it (complex, strings, dates, longdouble). */
export function layoutOf(typestr: string): Layout | undefined {
  const order = typestr[0]
  const kind = order === '<' || order === '>' || order === '|' || order === '=' ? typestr.slice(1) : typestr
  const named = kind === '?' ? 'b1' : kind
  const size = Number(named.slice(1))
  const dtype = `${size === 1 ? '|' : '<'}${named}`
  if (!isDtype(dtype)) return undefined
  return { dtype, size, swapped: size > 1 && order === '>' }
}

/** Little-endian bytes as a typed array: a view where the bytes are aligned, otherwise a copy. */
export function readArray(bytes: Uint8Array, layout: Layout): TypedArray {
  const constructor = arrays[layout.dtype]
  const { size } = layout
  const swap = size > 1 && layout.swapped === littleEndian
  if (!swap && bytes.byteOffset % size === 0) {
    return new constructor(bytes.buffer, bytes.byteOffset, bytes.length / size)
  }
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  if (swap) swapBytes(copy, size)
  return new constructor(copy.buffer, 0, bytes.length / size)
}

/** Elements `start` to `end` as little-endian bytes; a view, except on big-endian machines. */
export function bytesOf(array: TypedArray, start = 0, end: number = array.length): Uint8Array {
  const size = array.BYTES_PER_ELEMENT
  const view = new Uint8Array(array.buffer, array.byteOffset + start * size, (end - start) * size)
  if (littleEndian || size === 1) return view
  const copy = view.slice()
  swapBytes(copy, size)
  return copy
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}
