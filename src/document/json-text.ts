import type { Document } from './document.js'
import type { TypedArray } from './dtype.js'
import { jsonFields } from './json.js'
import type { NdArray } from './nd-array.js'

/**
 * The JSON text of a Document, with the keys of `toJSON`. Unlike `JSON.stringify` it keeps the digits of 64-bit integers and
 * the infinities: those are `1e999` and `-1e999`, which parsers of doubles read as infinities. NaN is null.
 *
 * Throws INVALID_INPUT as `toJSON`.
 */
export function documentText(document: Document, depth = 0): string {
  let text = '{'
  for (const [key, value] of Object.entries(jsonFields(document, depth))) {
    if (text.length > 1) text += ','
    text += `"${key}":`
    if (value === null) text += 'null'
    else if (key === 'tensor' || key === 'embedding') text += tensorText(value as NdArray)
    else if (key === 'chunks' || key === 'matches')
      text += documentsText(value as Iterable<Document>, depth + 1)
    else text += valueText(value, key === 'tags' ? doubleText : numberText)
  }
  return `${text}}`
}

/** A JSON list of Documents. Throws INVALID_INPUT as `toJSON`. */
export function documentsText(documents: Iterable<Document>, depth = 0): string {
  let text = '['
  for (const document of documents) {
    if (text.length > 1) text += ','
    text += documentText(document, depth)
  }
  return `${text}]`
}

/** The JSON text of a value of a google.protobuf.Struct, or of another plain value; numbers as in `documentText`. */
export function valueText(value: unknown, number: (value: number) => string = numberText): string {
  if (typeof value === 'number') return number(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map((item) => valueText(item, number)).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${valueText(member, number)}`).join(',')}}`
}

function numberText(value: number | bigint): string {
  if (typeof value === 'bigint') return value.toString()
  // Python reads -0 as the integer 0
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0'
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'null'
  return value > 0 ? '1e999' : '-1e999'
}

/** `1.0` for 1: DocArray's clients read 0 and 1 in tags as booleans, and 1.0 as a number. */
function doubleText(value: number): string {
  const text = numberText(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Nested lists, as numpy's `tolist()`. */
function tensorText(tensor: NdArray): string {
  const { shape, dtype } = tensor
  const values: TypedArray = dtype === '<f2' ? tensor.toFloat64() : tensor.data
  const one = dtype === '|b1' ? truthText : numberText
  let position = 0
  const level = (depth: number): string => {
    const length = shape[depth]
    if (length === undefined) return one(values[position++]!)
    let text = '['
    if (depth === shape.length - 1) {
      for (const end = position + length; position < end; position++) {
        text += text.length > 1 ? `,${one(values[position]!)}` : one(values[position]!)
      }
    } else {
      for (let index = 0; index < length; index++)
        text += index > 0 ? `,${level(depth + 1)}` : level(depth + 1)
    }
    return `${text}]`
  }
  return level(0)
}

function truthText(value: number | bigint): string {
  return value ? 'true' : 'false'
}
