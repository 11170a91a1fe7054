import type { Dtype, TypedArray } from './dtype.js'

/** IEEE 754 half precision as numpy's `<f2`: Node 20 has no Float16Array, so the 16 bits live in a Uint16Array. */

const scratch = new Float32Array(1)
const bits = new Uint32Array(scratch.buffer)

/** The number that 16 bits represent. */
export function fromFloat16(half: number): number {
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  const sign = half & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** The 16 bits nearest to a number, ties to even; beyond 65,504 it is infinity. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  scratch[0] = size
  let exponent = (bits[0]! >>> 23) - 127
  // rounding to float32 may have reached the next power of two
  if (size < 2 ** exponent) exponent -= 1
  return sign | (((exponent + 15) << 10) + roundEven((size / 2 ** exponent - 1) * 1024))
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest > 0.5 || (rest === 0.5 && floor % 2 === 1)) return floor + 1
  return floor
}

/** Converts half precision bits to numbers. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, fromFloat16)
}

/** Converts numbers to half precision bits. */
export function float32ToFloat16(values: ArrayLike<number>): Uint16Array {
  return Uint16Array.from(values, toFloat16)
}

/** Elements of any dtype as doubles; shares memory when they are doubles already, rounds int64 beyond 2^53. */
export function toNumbers(data: TypedArray, dtype: Dtype): Float64Array {
  if (data instanceof Float64Array) return data
  if (dtype === '<f2') return Float64Array.from(data as Uint16Array, fromFloat16)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Float64Array.from(data, Number)
  return Float64Array.from(data)
}
