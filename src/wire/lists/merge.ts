import { type Group, groupById, groupByIndex } from './group.js'
import { docsTag, documentsIn } from './list.js'
import { writeMerged } from './merge-documents.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import { type Outline, outlinesOf } from './outline.js'
import type { MatchOrder } from './ranking.js'
import { Rope } from './rope.js'

/**
 * Merges the lists that shards or branches answered with into one, in pieces to be written one after the other. Documents with the same
 * id become one, which keeps the values of the earlier one and takes missing ones from the later ones; so do chunks (like
 * `DocumentArray.reduce` of DocArray v1). Matches are merged in the same way, then ranked and truncated. A Document without
 * an id is not merged. Chunks or matches that only one Document has stay as they are, except for the limit. Unmerged parts
 * are passed on, neither decoded nor checked. In slices. Throws MALFORMED.
 *
 * `asked` is the list that was sent to them. Where each answers with these very Documents, they are merged by index, so
 * that Documents without an id, or with repeated ids, are what they would be in the answer of a single shard.
 */
export function* mergeLists(
  lists: readonly Uint8Array[],
  ranking: MatchOrder,
  asked?: Uint8Array,
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const merged = new Rope()
  const unknown = new Rope()
  const documents: Outline[][] = []
  for (const [index, list] of lists.entries()) {
    const ranges = yield* documentsIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    documents.push(yield* outlinesOf(ranges))
  }
  const groups = (yield* areThose(asked, documents))
    ? yield* groupByIndex(documents)
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

/** Whether all lists have the ids of `asked` in the same order, and ids alone cannot match the Documents. */
function* areThose(
  asked: Uint8Array | undefined,
  lists: readonly (readonly Pick<Outline, 'id'>[])[],
): Sliced<boolean> {
  const [first = [], ...others] = lists
  if (asked === undefined || !(yield* areAmbiguous(first))) return false
  const documents = yield* outlinesOf(yield* documentsIn(asked))
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
