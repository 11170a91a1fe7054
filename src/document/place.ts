import type { Document } from './document.js'
import { field } from './fields.js'
import { record, requireShallow } from './record.js'

/** Says whose chunk a Document is and at which level it and its own chunks are. */
export function placeChunk(chunk: Document, parent: Document, depth = 0): void {
  if (chunk.parentId !== parent.id) chunk.parentId = parent.id
  const granularity = parent.granularity + 1
  if (chunk.granularity === granularity) return
  chunk.granularity = granularity
  if (chunk[record].isEmpty(field.chunks)) return
  requireShallow(depth)
  for (const inner of chunk.chunks) placeChunk(inner, chunk, depth + 1)
}

/** Says at which level a match and its own matches are. */
export function placeMatch(match: Document, parent: Document, depth = 0): void {
  const adjacency = parent.adjacency + 1
  if (match.adjacency === adjacency) return
  match.adjacency = adjacency
  if (match[record].isEmpty(field.matches)) return
  requireShallow(depth)
  for (const inner of match.matches) placeMatch(inner, match, depth + 1)
}
