import type { Document } from './document.js'
import { field } from './fields.js'
import { record, requireShallow } from './record.js'

/** Makes a Document a chunk of its parent: sets its parent id, and the level of it and of its own chunks. */
export function adoptChunk(chunk: Document, parent: Document, depth = 0): void {
  if (chunk.parentId !== parent.id) chunk.parentId = parent.id
  const granularity = parent.granularity + 1
  if (chunk.granularity === granularity) return
  chunk.granularity = granularity
  if (chunk[record].isEmpty(field.chunks)) return
  requireShallow(depth)
  for (const inner of chunk.chunks) adoptChunk(inner, chunk, depth + 1)
}

/** Makes a Document a match of its parent: sets the level of it and of its own matches. */
export function adoptMatch(match: Document, parent: Document, depth = 0): void {
  const adjacency = parent.adjacency + 1
  if (match.adjacency === adjacency) return
  match.adjacency = adjacency
  if (match[record].isEmpty(field.matches)) return
  requireShallow(depth)
  for (const inner of match.matches) adoptMatch(inner, match, depth + 1)
}
