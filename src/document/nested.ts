import { MillraceError } from '../errors.js'
import type { NdArrayInit, NestedNumbers } from './nd-array.js'

const maxDimensions = 32

/**
 * Converts nested lists to the arguments of `new NdArray`: float64; `|b1` when all elements are booleans; `<i8`
 * or `<u8` when all are integers of 64 bits and some are BigInts. Throws INVALID_INPUT for ragged lists and for elements that are no numbers.
 */
export function flatten(list: NestedNumbers): NdArrayInit {
  const shape: number[] = []
  for (let inner: unknown = list; Array.isArray(inner); inner = inner[0]) {
    shape.push(inner.length)
    if (shape.length > maxDimensions) throw refused(`lists nested deeper than ${maxDimensions}`)
    if (inner.length === 0) break
  }
  const data = new Float64Array(shape.reduce((product, length) => product * length, 1))
  let at = 0
  let booleans = 0
  let bigInts: bigint[] | undefined
  const visit = (value: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (typeof value === 'boolean') booleans++
      else if (typeof value === 'bigint') (bigInts ??= [])[at] = value
      data[at++] = numeric(value)
      return
    }
    if (!Array.isArray(value) || value.length !== shape[depth]) {
      throw refused('lists of different lengths or depths side by side')
    }
    for (const inner of value) visit(inner, depth + 1)
  }
  visit(list, 0)
  if (booleans > 0 && booleans === at) return { data: Uint8Array.from(data), shape, dtype: '|b1' }
  return { data: (bigInts && integersOf(data, bigInts)) ?? data, shape }
}

/** The elements as 64-bit integers, `bigInts` at their positions; undefined when some are no such integers. */
function integersOf(
  data: Float64Array,
  bigInts: readonly bigint[],
): BigInt64Array | BigUint64Array | undefined {
  const all: bigint[] = []
  for (const [at, value] of data.entries()) {
    const exact = bigInts[at] ?? (Number.isSafeInteger(value) ? BigInt(value) : undefined)
    if (exact === undefined) return undefined
    all.push(exact)
  }
  if (all.every((value) => BigInt.asIntN(64, value) === value)) return BigInt64Array.from(all)
  return all.every((value) => BigInt.asUintN(64, value) === value) ? BigUint64Array.from(all) : undefined
}

function numeric(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') return Number(value)
  if (value === null) return Number.NaN
  throw refused(`${Array.isArray(value) ? 'a list' : typeof value} where a number was expected`)
}

function refused(what: string): MillraceError {
  return new MillraceError(
    'INVALID_INPUT',
    `A tensor needs numbers in lists of equal length; these have ${what}.`,
  )
}
