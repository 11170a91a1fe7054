import { groupById, groupByPlace } from './group.js'
import { docsTag, placesIn } from './list.js'
import { writeMerged } from './merge-documents.js'
import { type Outline, outlineOf } from './outline.js'
import type { Ranking } from './ranking.js'
import { Rope } from './rope.js'

/**
 * One list out of those that shards answered with, in pieces to be written one after the other. Documents of one id
 * become one, which keeps what the earlier one has and takes what it lacks from the later ones; so do chunks (DocArray
 * v1, as `DocumentArray.reduce`). Matches are merged likewise, then ranked and cut. A Document without an id is merged
 * with none. A family of chunks or matches that only one Document has stays as it is, but for the limit. What need not be
 * merged is moved, neither decoded nor checked. Throws MALFORMED.
 *
 * `asked` is the list that the shards were given. Where each answers with those very Documents, they are merged by their
 * places, so that one without an id, or two with the same, are what they would be in the answer of a single shard.
 */
export function mergeLists(lists: readonly Uint8Array[], ranking: Ranking, asked?: Uint8Array): Uint8Array[] {
  const merged = new Rope()
  const unknown = new Rope()
  const documents = lists.map((list, index) => {
    const places = placesIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    return places.map((place) => outlineOf(place, 0))
  })
  const groups = areThose(asked, documents) ? groupByPlace(documents) : groupById(documents)
  for (const group of groups) writeMerged(merged, docsTag, { documents: group.documents, ranking })
  merged.append(unknown)
  return merged.pieces()
}

/** Whether all lists have the ids of `asked` in their order, and ids alone do not tell which belong together. */
function areThose(
  asked: Uint8Array | undefined,
  lists: readonly (readonly Pick<Outline, 'id'>[])[],
): boolean {
  const ids = lists[0]?.map(({ id }) => id) ?? []
  if (asked === undefined || (!ids.includes('') && new Set(ids).size === ids.length)) return false
  const documents = placesIn(asked).map((place) => outlineOf(place, 0))
  return [documents, ...lists].every(
    (list) => list.length === ids.length && list.every(({ id }, at) => id === ids[at]),
  )
}
