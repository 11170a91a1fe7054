import { type Group, groupById, groupByPlace } from './group.js'
import { docsTag, placesIn } from './list.js'
import { writeMerged } from './merge-documents.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import { type Outline, outlinesOf } from './outline.js'
import type { Ranking } from './ranking.js'
import { Rope } from './rope.js'

/**
 * One list out of those that shards answered with, in pieces to be written one after the other. Documents of one id
 * become one, which keeps what the earlier one has and takes what it lacks from the later ones; so do chunks (DocArray
 * v1, as `DocumentArray.reduce`). Matches are merged likewise, then ranked and cut. A Document without an id is merged
 * with none. A family of chunks or matches that only one Document has stays as it is, but for the limit. What need not be
 * merged is moved, neither decoded nor checked. In slices. Throws MALFORMED.
 *
 * `asked` is the list that the shards were given. Where each answers with those very Documents, they are merged by their
 * places, so that one without an id, or two with the same, are what they would be in the answer of a single shard.
 */
export function* mergeLists(
  lists: readonly Uint8Array[],
  ranking: Ranking,
  asked?: Uint8Array,
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const merged = new Rope()
  const unknown = new Rope()
  const documents: Outline[][] = []
  for (const [index, list] of lists.entries()) {
    const places = yield* placesIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    documents.push(yield* outlinesOf(places))
  }
  const groups = (yield* areThose(asked, documents))
    ? yield* groupByPlace(documents)
    : yield* groupById(documents)
  for (const group of groups) {
    if (slice.isFull(lengthOf(group))) yield
    writeMerged(merged, docsTag, { documents: group.documents, ranking })
  }
  merged.append(unknown)
  return yield* merged.pieces()
}

function lengthOf({ documents }: Group): number {
  return documents.reduce((sum, { from, end }) => sum + end - from, 0)
}

/** Whether all lists have the ids of `asked` in their order, and ids alone do not tell which belong together. */
function* areThose(
  asked: Uint8Array | undefined,
  lists: readonly (readonly Pick<Outline, 'id'>[])[],
): Sliced<boolean> {
  const [first = [], ...others] = lists
  if (asked === undefined || !(yield* areAmbiguous(first))) return false
  const documents = yield* outlinesOf(yield* placesIn(asked))
  return [documents, ...others].every(
    (list) => list.length === first.length && list.every(({ id }, at) => id === first[at]!.id),
  )
}

/** Whether a Document has no id, or that of another one. */
function* areAmbiguous(documents: readonly Pick<Outline, 'id'>[]): Sliced<boolean> {
  const slice = new Slice()
  const known = new Set<string>()
  for (const { id } of documents) {
    if (slice.isFull(0)) yield
    if (id === '' || known.has(id)) return true
    known.add(id)
  }
  return false
}
