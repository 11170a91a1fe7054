import { Reader } from '../../../lib/protobuf/reader.js'
import type { FieldRange, Identified } from '../list.js'
import { entriesIn, type Range, valueOf } from './entries.js'

/** Finds the id of a DocProto. Throws MALFORMED. */
export function outlineOfV2(range: FieldRange): Identified {
  const id = entriesIn(range).get('id')
  return { ...range, id: id === undefined ? '' : textOf(id.node) }
}

/** The text of a NodeProto; '' if it is none. */
function textOf(node: Range): string {
  const { kind, content } = valueOf(node)
  if (kind !== 'text' || content === undefined) return ''
  return new Reader(content.bytes, content.start, content.end).string()
}
