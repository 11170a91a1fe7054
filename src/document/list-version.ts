import { Reader } from '../lib/protobuf/reader.js'

/** The two formats of documents: DocArray before 0.30 writes `v1`, DocArray from 0.30 on `v2`. */
export type DocArrayVersion = 'v1' | 'v2'

/** Tag of `DocumentProto.id` in v1, and of the entries of `DocProto.data` in v2. */
const firstTag = 10
const nodeTag = 18
/** Tags of a NodeProto: the values of its oneof, and `type`. */
const nodeTags: ReadonlySet<number> = new Set([10, 16, 25, 32, 42, 50, 58, 66, 74, 82, 90, 98, 106])

/**
 * What the bytes of one document are, from `start` to `end`: a DocumentProto of v1 or a DocProto of v2.
 *
 * A DocProto has one field, the map `data`, whose entries have the field number of v1's `id`. So a document with any other field is of v1,
 * and one with several entries is of v2, because v1 writes one id. `entry` is a document with only one field that is a whole entry:
 * of v2, unless it is a v1 Document without content whose id has exactly these bytes, a line feed first. `empty` is a document of either.
 */
function kindOfDocument(bytes: Uint8Array, start: number, end: number): DocArrayVersion | 'entry' | 'empty' {
  if (start === end) return 'empty'
  if (!beginsAsEntry(bytes, start)) return 'v1'
  try {
    const document = new Reader(bytes, start, end)
    let entries = 0
    let only: Uint8Array | undefined
    while (!document.done) {
      if (document.tag() !== firstTag) return 'v1'
      only = nodeOfEntry(document.bytes())
      if (only === undefined) return 'v1'
      entries++
    }
    if (entries > 1) return 'v2'
    return only !== undefined && isNode(only) ? 'entry' : 'v1'
  } catch {
    return 'v1' // no message: reading it fails with the reason
  }
}

/**
 * The format of a list of documents (DocumentArrayProto, DocListProto); undefined if no document tells. The first that is certain
 * decides; a list of documents that all have one field is of v2 if all are entries (see `kindOfDocument`). Throws MALFORMED.
 */
export function versionOfList(list: Uint8Array): DocArrayVersion | undefined {
  const reader = new Reader(list)
  let version: DocArrayVersion | undefined
  while (!reader.done) {
    const tag = reader.tag()
    if (tag !== firstTag) {
      reader.skip(tag)
      continue
    }
    const length = reader.span()
    const kind = kindOfDocument(list, reader.position - length, reader.position)
    if (kind === 'v1' || kind === 'v2') return kind
    if (kind === 'entry') version = 'v2'
  }
  return version
}

/** False for nearly every document of v1: its id would have to begin with a line feed. */
function beginsAsEntry(bytes: Uint8Array, start: number): boolean {
  if (bytes[start] !== firstTag) return false
  let at = start + 1
  while (bytes[at]! >= 0x80) at++
  return bytes[at + 1] === firstTag
}

/** The NodeProto of a map entry that names a field; undefined if the bytes are no such entry. */
function nodeOfEntry(bytes: Uint8Array): Uint8Array | undefined {
  const entry = new Reader(bytes)
  if (entry.done || entry.tag() !== firstTag || !isFieldName(entry.string())) return undefined
  if (entry.done || entry.tag() !== nodeTag) return undefined
  const node = entry.bytes()
  return entry.done ? node : undefined
}

/** Whether documents of v2 can have a field of this name, which is an identifier as in Python. Lists with others are not known as v2. */
export function isFieldName(name: string): boolean {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name)
}

function isNode(bytes: Uint8Array): boolean {
  const node = new Reader(bytes)
  while (!node.done) {
    const tag = node.tag()
    if (!nodeTags.has(tag)) return false
    node.skip(tag)
  }
  return true
}
