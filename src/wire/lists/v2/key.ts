import { Reader } from '../../../lib/protobuf/reader.js'
import { type Entries, type Entry, entriesIn, type Range, valueOf } from './entries.js'

/** Names of fields of v2 for a text of a Document, as in docs/types.md; the first that is a text counts. */
const names = {
  id: ['id'],
  parentId: [],
  uri: ['url', 'uri'],
  text: ['text'],
  mimeType: ['mime_type'],
  modality: ['modality'],
} as const satisfies Record<string, readonly string[]>

/** A text of an undecoded DocProto; undefined if it has none, or an empty one. Throws MALFORMED. */
export function textOfV2(document: Uint8Array, text: keyof typeof names): string | undefined {
  const entries = entriesIn(whole(document))
  for (const name of names[text]) {
    const entry = entries.get(name)
    const value = entry && scalarOf(entry.node)
    if (typeof value === 'string') return value || undefined
  }
  return undefined
}

/**
 * What would be a tag of the Document, by its path: an entry of the dict `tags`, else the field of that name. Undefined where it is
 * missing, None, or neither text, number nor boolean. Throws MALFORMED.
 */
export function tagOfV2(
  document: Uint8Array,
  path: readonly string[],
): string | number | boolean | undefined {
  const entries = entriesIn(whole(document))
  const tags = entries.get('tags')
  const [first, ...rest] = path as [string, ...string[]]
  let entry: Entry | undefined = (tags && dictOf(tags))?.get(first) ?? entries.get(first)
  for (const key of rest) entry = entry && dictOf(entry)?.get(key)
  return entry && scalarOf(entry.node)
}

function dictOf({ node }: Entry): Entries | undefined {
  const { kind, content } = valueOf(node)
  return kind === 'dict' ? entriesIn(content!) : undefined
}

function scalarOf(node: Range): string | number | boolean | undefined {
  const { kind, content } = valueOf(node)
  if (content === undefined) return undefined
  const reader = new Reader(content.bytes, content.start, content.end)
  switch (kind) {
    case 'text':
      return reader.string()
    case 'integer':
      return reader.int32()
    case 'float':
      return reader.double()
    case 'boolean':
      return reader.bool()
    default:
      return undefined
  }
}

function whole(bytes: Uint8Array): Range {
  return { bytes, start: 0, end: bytes.length }
}
