import { decodeField, encodeField } from '../../document/codec.js'
import { field, presentFields } from '../../document/fields.js'
import { setOwn } from '../../document/struct.js'
import { Writer } from '../../lib/protobuf/writer.js'
import { isSame, type Range } from './field-ranges.js'
import type { Outline } from './outline.js'

type Entries = Readonly<Record<string, unknown>>

/**
 * Whether a field has the same value in two Documents, however it is encoded. The number of text stands for text, tensor and
 * blob. Undefined is a Document without fields. Unknown fields (0) are never the same.
 */
export function hasSameValue(number: number, left: Outline | undefined, right: Outline): boolean {
  return number !== 0 && areEqual(valueOf(number, left), valueOf(number, right))
}

/**
 * Merges tags, scores or evaluations key by key: the first version counts that changed the key, or removed it. Returns the
 * encoded field.
 */
export function mergeEntries(
  number: number,
  base: Outline | undefined,
  versions: readonly Outline[],
): Uint8Array {
  const before = entriesOf(number, base)
  const after = versions.map((version) => entriesOf(number, version))
  const merged = {}
  for (const key of new Set([before, ...after].flatMap((entries) => Object.keys(entries)))) {
    const chosen = after.find((entries) => !areEqual(own(before, key), own(entries, key))) ?? before
    if (Object.hasOwn(chosen, key)) setOwn(merged, key, chosen[key])
  }
  return encoded(number, merged)
}

function entriesOf(number: number, document: Outline | undefined): Entries {
  return document === undefined || !isPresent(number, document)
    ? {}
    : (decodeField(number, document) as Entries)
}

function own(entries: Entries, key: string): unknown {
  return Object.hasOwn(entries, key) ? entries[key] : undefined
}

/** Undefined for a field that is missing or has the default on the wire: '', 0, {}, []. */
function valueOf(unit: number, document: Outline | undefined): unknown {
  if (document === undefined) return undefined
  const number = unit === field.text ? contentOf(document) : unit
  if (!isPresent(number, document)) return undefined
  const value = decodeField(number, document)
  const isTensor = number === field.tensor || number === field.embedding
  const plain = isTensor ? encoded(number, value) : value
  return isNothing(plain) ? undefined : [number, plain]
}

function isNothing(value: unknown): boolean {
  if (value === '' || value === 0) return true
  if (typeof value !== 'object' || value === null) return false
  return value instanceof Uint8Array ? value.length === 0 : Object.keys(value).length === 0
}

/** Which of text, tensor and blob a Document has; text if it has none. */
function contentOf(document: Outline): number {
  return [field.tensor, field.blob].find((number) => isPresent(number, document)) ?? field.text
}

function isPresent(number: number, { bytes, start, end }: Outline): boolean {
  return (presentFields(bytes, start, end) & (1 << number)) !== 0
}

function encoded(number: number, value: unknown): Uint8Array {
  const writer = new Writer()
  encodeField(writer, number, value)
  return writer.finish()
}

/** Deep equality of decoded values; the order of keys has no meaning. */
function areEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false
  if (left instanceof Uint8Array && right instanceof Uint8Array) return isSame(whole(left), whole(right))
  const keys = Object.keys(left)
  if (Array.isArray(left) !== Array.isArray(right) || keys.length !== Object.keys(right).length) return false
  return keys.every(
    (key) => Object.hasOwn(right, key) && areEqual((left as Entries)[key], (right as Entries)[key]),
  )
}

function whole(bytes: Uint8Array): Range {
  return { bytes, start: 0, end: bytes.length }
}
