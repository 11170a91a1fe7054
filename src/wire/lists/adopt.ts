import { Document } from '../../document/document.js'
import { decodeField } from '../../document/codec.js'
import { field } from '../../document/fields.js'
import { adoptChunk, adoptMatch } from '../../document/adopt.js'
import { DocumentRecord } from '../../document/record.js'
import { Writer } from '../../lib/protobuf/writer.js'
import { type Outline, outlineOf } from './outline.js'

/** The merged Document that gets a child. */
export interface Parent {
  readonly id: string
  readonly granularity: number
  readonly adjacency: number
}

/**
 * Adapts the chunk or match of a later Document to the Document it is merged into: sets parent id and level as pushing it
 * would. Children nearly always have these already; only others are decoded.
 */
export function adopted(child: Outline, number: number, parent: Parent): Outline {
  const isChunk = number === field.chunks
  if (isChunk ? isChunkOf(child, parent) : child.adjacency === parent.adjacency + 1) return child
  const document = new Document(new DocumentRecord(child, child.depth))
  const adopt = isChunk ? adoptChunk : adoptMatch
  adopt(
    document,
    new Document({ id: parent.id, granularity: parent.granularity, adjacency: parent.adjacency }),
  )
  const content = document.toProtobuf()
  const writer = new Writer(content.length + 10)
  writer.bytes(number, content)
  const bytes = writer.finish()
  const end = bytes.length
  return outlineOf({ bytes, from: 0, start: end - content.length, end }, child.depth)
}

function isChunkOf(chunk: Outline, parent: Parent): boolean {
  if (chunk.granularity !== parent.granularity + 1) return false
  if ((chunk.filled & (1 << field.parentId)) === 0) return parent.id === ''
  return decodeField(field.parentId, chunk) === parent.id
}
