import { contentFields, field, fieldOf } from '../../document/fields.js'
import { maxDepth } from '../../document/record.js'
import { MillraceError } from '../../errors.js'
import { Reader } from '../../lib/protobuf/reader.js'
import type { FieldRange, Identified } from './list.js'

/** The result of one scan over the top level of a DocumentProto. */
export interface Outline extends Identified {
  /** How many Documents it is nested in. */
  readonly depth: number
  /** One bit for each field that has a value other than '', 0, {} and []; of text, tensor and blob only the last counts. */
  readonly filled: number
  readonly granularity: number
  readonly adjacency: number
  /** Start of the range that contains all scores. */
  readonly scoresFrom: number
  readonly scoresEnd: number
}

/** Throws MALFORMED for bytes that are not a message, or are nested too deep. */
export function outlineOf({ bytes, from, start, end }: FieldRange, depth: number): Outline {
  if (depth > maxDepth) {
    throw new MillraceError('MALFORMED', `Documents are nested deeper than ${maxDepth} levels.`)
  }
  const reader = new Reader(bytes, start, end)
  let id = ''
  let filled = 0
  let granularity = 0
  let adjacency = 0
  let scoresFrom = end
  let scoresEnd = end
  while (!reader.done) {
    const at = reader.position
    const tag = reader.tag()
    const number = fieldOf(tag)
    let there = true
    switch (number) {
      case 0:
        reader.skip(tag)
        continue
      case field.id:
        id = reader.string()
        there = id !== ''
        break
      case field.granularity:
        granularity = reader.uint32()
        there = granularity !== 0
        break
      case field.adjacency:
        adjacency = reader.uint32()
        there = adjacency !== 0
        break
      case field.weight:
      case field.offset:
        there = reader.float() !== 0
        break
      case field.scores:
        reader.skip(tag)
        if (scoresFrom === end) scoresFrom = at
        scoresEnd = reader.position
        break
      case field.tags:
      case field.location: {
        const before = reader.position
        reader.skip(tag)
        // parts of one value, some of which may be empty
        there = (filled & (1 << number)) !== 0 || reader.position - before > 1
        break
      }
      case field.text:
      case field.blob:
      case field.parentId:
      case field.uri:
      case field.modality:
      case field.mimeType:
        there = reader.span() > 0
        break
      default:
        reader.skip(tag)
    }
    const bit = 1 << number
    if (bit & contentFields) filled &= ~contentFields
    filled = there ? filled | bit : filled & ~bit
  }
  return { bytes, from, start, end, depth, id, filled, granularity, adjacency, scoresFrom, scoresEnd }
}

/** The chunks or matches of a Document, by their field number. */
export function childrenOf(parent: Outline, number: number): Outline[] {
  const { bytes, start, end, depth } = parent
  const reader = new Reader(bytes, start, end)
  const children: Outline[] = []
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    if (fieldOf(tag) !== number) {
      reader.skip(tag)
      continue
    }
    const length = reader.span()
    const to = reader.position
    children.push(outlineOf({ bytes, from, start: to - length, end: to }, depth + 1))
  }
  return children
}
