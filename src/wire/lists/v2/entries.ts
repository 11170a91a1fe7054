import type { NodeKind } from '../../../document/v2/node.js'
import { Reader } from '../../../lib/protobuf/reader.js'
import type { Range } from '../field-ranges.js'

export type { Range } from '../field-ranges.js'

/** An entry of a map<string, NodeProto>, undecoded. */
export interface Entry {
  readonly bytes: Uint8Array
  /** Offset of its tag. */
  readonly from: number
  readonly end: number
  /** Its key as a field, with its tag. */
  readonly key: Range
  /** Its NodeProto. */
  readonly node: Range
}

/** The entries of a DocProto or DictOfAnyProto by key, in their order; of repeated ones the last counts. */
export type Entries = ReadonlyMap<string, Entry>

/** Tag of everything that repeats in these messages: entries of `data`, documents of `docs`, items of `data`. */
export const memberTag = 10
export const nodeTag = 18

/** Throws MALFORMED. */
export function entriesIn(map: Range): Entries {
  const { bytes } = map
  const entries = new Map<string, Entry>()
  for (const { from, start, end } of membersIn(map)) {
    const entry = new Reader(bytes, start, end)
    let name = ''
    let key: Range = { bytes, start: end, end }
    let node: Range = key
    while (!entry.done) {
      const at = entry.position
      const part = entry.tag()
      if (part === memberTag) {
        name = entry.string()
        key = { bytes, start: at, end: entry.position }
      } else if (part === nodeTag) {
        const size = entry.span()
        node = { bytes, start: entry.position - size, end: entry.position }
      } else entry.skip(part)
    }
    entries.set(name, { bytes, from, end, key, node })
  }
  return entries
}

/** The values of a repeated field with the number 1: documents of a DocListProto, items of a ListOfAnyProto, entries. Throws MALFORMED. */
export function membersIn({ bytes, start, end }: Range): (Range & { readonly from: number })[] {
  const reader = new Reader(bytes, start, end)
  const members: (Range & { readonly from: number })[] = []
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    if (tag !== memberTag) {
      reader.skip(tag)
      continue
    }
    const length = reader.span()
    members.push({ bytes, from, start: reader.position - length, end: reader.position })
  }
  return members
}

const kinds = [
  'none',
  'text',
  'integer',
  'float',
  'boolean',
  'blob',
  'ndarray',
  'doc',
  'doc_array',
  'list',
  'set',
  'tuple',
  'dict',
] as const satisfies readonly NodeKind[]

/** The number of the field of a NodeProto that holds a value of a kind. */
export const fieldOfKind = (kind: NodeKind): number => kinds.indexOf(kind)

/** The value of a NodeProto: one of its oneof `content`, and the field `type`. */
export interface Value {
  readonly kind: NodeKind
  /** The value without its tag, for a message without its length; undefined for none. Texts and blobs have their length. */
  readonly content: Range | undefined
  /** The field `type`, with its tag. */
  readonly type: Range | undefined
}

/** Throws MALFORMED. */
export function valueOf({ bytes, start, end }: Range): Value {
  const reader = new Reader(bytes, start, end)
  let kind: NodeKind = 'none'
  let content: Range | undefined
  let type: Range | undefined
  while (!reader.done) {
    const from = reader.position
    const tag = reader.tag()
    const number = tag >>> 3
    const at = reader.position
    const isMessage = number >= fieldOfKind('ndarray') && number <= fieldOfKind('dict')
    const length = isMessage && (tag & 7) === 2 ? reader.span() : undefined
    if (length === undefined) reader.skip(tag)
    const to = reader.position
    if (tag === 106) type = { bytes, start: from, end: to }
    else if (number < kinds.length) {
      kind = kinds[number]!
      content = { bytes, start: length === undefined ? at : to - length, end: to }
    }
  }
  return { kind, content, type }
}
