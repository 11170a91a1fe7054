import { contentFields, field, fieldOf } from '../../document/fields.js'
import { Reader } from '../../lib/protobuf/reader.js'
import type { Outline } from './outline.js'

/** A part of some bytes. */
export interface Range {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/**
 * The fields of a Document with their tags, by number; text, tensor and blob, of which a Document has one, are all under that
 * of text, and unknown fields under 0.
 */
export type FieldRanges = ReadonlyMap<number, readonly Range[]>

export function fieldRanges({ bytes, start, end }: Outline): FieldRanges {
  const reader = new Reader(bytes, start, end)
  const found = new Map<number, Range[]>()
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    reader.skip(tag)
    const number = fieldOf(tag)
    const unit = (contentFields & (1 << number)) === 0 ? number : field.text
    const range = { bytes, start: from, end: reader.position }
    const ranges = found.get(unit)
    if (ranges === undefined) found.set(unit, [range])
    else ranges.push(range)
  }
  return found
}

/** Whether two lists of ranges have the same bytes, range by range. */
export function areSame(left: readonly Range[], right: readonly Range[]): boolean {
  return left.length === right.length && left.every((range, at) => isSame(range, right[at]!))
}

export function isSame(left: Range, right: Range): boolean {
  const length = left.end - left.start
  if (right.end - right.start !== length) return false
  if (left.bytes === right.bytes && left.start === right.start) return true
  for (let at = 0; at < length; at++) {
    if (left.bytes[left.start + at] !== right.bytes[right.start + at]) return false
  }
  return true
}
