import { groupById } from './group.js'
import { docsTag, placesIn } from './list.js'
import { writeMerged } from './merge-documents.js'
import { outlineOf } from './outline.js'
import type { Ranking } from './ranking.js'
import { Rope } from './rope.js'

/**
 * One list out of those that shards answered with, in pieces to be written one after the other. Documents of one id
 * become one, which keeps what the earlier one has and takes what it lacks from the later ones; so do chunks (DocArray
 * v1, as `DocumentArray.reduce`). Matches are merged likewise, then ranked and cut. A Document without an id is merged
 * with none. A family of chunks or matches that only one Document has stays as it is, but for the limit. What need not be
 * merged is moved, neither decoded nor checked. Throws MALFORMED.
 */
export function mergeLists(lists: readonly Uint8Array[], ranking: Ranking): Uint8Array[] {
  const merged = new Rope()
  const unknown = new Rope()
  const documents = lists.map((list, index) => {
    const places = placesIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    return places.map((place) => outlineOf(place, 0))
  })
  for (const group of groupById(documents))
    writeMerged(merged, docsTag, { documents: group.documents, ranking })
  merged.append(unknown)
  return merged.pieces()
}
