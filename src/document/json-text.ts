import { toBase64 } from './base64.js'
import type { Document } from './document.js'
import type { TypedArray } from './dtype.js'
import { field } from './fields.js'
import { denseOf, jsonKeys, mimeTypeOf, scoresJson } from './json.js'
import type { NdArray } from './nd-array.js'
import { record, requireShallow } from './record.js'
import type { Scores } from './score.js'
import type { Tensor } from './tensor.js'

/**
 * The JSON text of a Document, with the keys of `toJSON`. Unlike `JSON.stringify` it keeps the digits of 64-bit integers and
 * the infinities: those are `1e999` and `-1e999`, which parsers of doubles read as infinities. NaN is null.
 *
 * Throws INVALID_INPUT as `toJSON`.
 */
export function documentText(document: Document, depth = 0): string {
  requireShallow(depth)
  const own = document[record]
  let text = `{"id":${JSON.stringify(document.id)}`
  for (const { number, key, empty } of members) {
    if (!own.isEmpty(number)) text += key + fieldText(document, number, depth)
    else if (number === field.mimeType) text += key + JSON.stringify(mimeTypeOf(own))
    else text += empty
  }
  return `${text}}`
}

/** All keys but that of the id, which is never empty. */
const members = jsonKeys
  .filter(([, number]) => number !== field.id)
  .map(([key, number]) => ({ number, key: `,"${key}":`, empty: `,"${key}":null` }))

/** The JSON text of a field that is not empty. */
function fieldText(document: Document, number: number, depth: number): string {
  // not their values: a Document decodes its children itself
  if (number === field.chunks) return documentsText(document.chunks, depth + 1)
  if (number === field.matches) return documentsText(document.matches, depth + 1)
  const value = document[record].get(number)
  switch (number) {
    case field.blob:
      return `"${toBase64(value as Uint8Array)}"`
    case field.tensor:
    case field.embedding:
      return tensorText(denseOf(value as Tensor))
    case field.tags:
      return valueText(value, doubleText)
    case field.scores:
    case field.evaluations:
      return valueText(scoresJson(value as Scores))
    default:
      return valueText(value)
  }
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
export function doubleText(value: number): string {
  const text = numberText(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Numbers of a tensor that are joined at once: a text that grows by one number at a time takes several times its length. */
const sliceLength = 4096

/** Nested lists, as numpy's `tolist()`. */
export function tensorText(tensor: NdArray): string {
  const { shape, dtype } = tensor
  const values: TypedArray = dtype === '<f2' ? tensor.toFloat64() : tensor.data
  const one = dtype === '|b1' ? truthText : numberText
  let position = 0
  const level = (depth: number): string => {
    const length = shape[depth]
    if (length === undefined) return one(values[position++]!)
    if (depth === shape.length - 1) return `[${numbersText(values, position, (position += length), one)}]`
    return `[${Array.from({ length }, () => level(depth + 1)).join(',')}]`
  }
  return level(0)
}

function numbersText(
  values: TypedArray,
  start: number,
  end: number,
  one: (value: number | bigint) => string,
): string {
  let text = ''
  for (let from = start; from < end; from += sliceLength) {
    const texts: string[] = []
    for (let at = from; at < Math.min(from + sliceLength, end); at++) texts.push(one(values[at]!))
    text += from > start ? `,${texts.join(',')}` : texts.join(',')
  }
  return text
}

function truthText(value: number | bigint): string {
  return value ? 'true' : 'false'
}
