import { type Group, groupById, groupByIndex } from './group.js'
import { type Identified, docsTag, documentsIn, type FieldRange } from './list.js'
import { outlineOfV1, outlinesOf, versionOfLists } from './formats.js'
import { writeMerged } from './merge-documents.js'
import { Slice, type Sliced } from '../../lib/slices.js'
import type { MatchOrder } from './ranking.js'
import { Rope } from './rope.js'
import { writeMergedV2 } from './v2/merge-documents.js'
import { outlineOfV2 } from './v2/outline.js'

/**
 * Merges the lists that shards or branches answered with into one, in pieces to be written one after the other. Documents with the same
 * id become one, which keeps the values of the earlier one and takes missing ones from the later ones; so do chunks (like
 * `DocumentArray.reduce` of DocArray v1). Matches are merged in the same way, then ranked and truncated. A Document without
 * an id is not merged. Chunks or matches that only one Document has stay as they are, except for the limit. Unmerged parts
 * are passed on, neither decoded nor checked. Documents of DocArray v2 are merged by its rules (`writeMergedV2`), and their matches are ranked
 * as those of v1 are. In slices. Throws MALFORMED, and UNSUPPORTED for lists of both formats.
 *
 * `asked` is the list that was sent to them. Where each answers with these very Documents, they are merged by index, so
 * that Documents without an id, or with repeated ids, are what they would be in the answer of a single shard.
 */
export function* mergeLists(
  lists: readonly Uint8Array[],
  ranking: MatchOrder,
  asked?: Uint8Array,
): Sliced<Uint8Array[]> {
  const given = { lists, ranking, asked }
  return versionOfLists(lists) === 'v2'
    ? yield* mergeWith(given, outlineOfV2, writeMergedV2)
    : yield* mergeWith(given, outlineOfV1, writeMerged)
}

interface Given {
  readonly lists: readonly Uint8Array[]
  readonly ranking: MatchOrder
  readonly asked: Uint8Array | undefined
}

interface Merge<D extends Identified> {
  readonly documents: Group<D>['documents']
  readonly ranking: MatchOrder
}

function* mergeWith<D extends Identified>(
  { lists, ranking, asked }: Given,
  outline: (range: FieldRange) => D,
  write: (target: Rope, tag: number, merge: Merge<D>) => void,
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const merged = new Rope()
  const unknown = new Rope()
  const documents: D[][] = []
  for (const [index, list] of lists.entries()) {
    const ranges = yield* documentsIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    documents.push(yield* outlinesOf(ranges, outline))
  }
  const groups = (yield* areThose(asked && { list: asked, outline }, documents))
    ? yield* groupByIndex(documents)
    : yield* groupById(documents)
  for (const group of groups) {
    if (slice.isFull(lengthOf(group))) yield
    write(merged, docsTag, { documents: group.documents, ranking })
  }
  merged.append(unknown)
  return yield* merged.pieces()
}

function lengthOf<D extends Identified>({ documents }: Group<D>): number {
  return documents.reduce((sum, { from, end }) => sum + end - from, 0)
}

/** Whether all lists have the ids of `asked` in the same order, and ids alone cannot match the Documents. */
function* areThose(
  asked: { readonly list: Uint8Array; outline(range: FieldRange): Identified } | undefined,
  lists: readonly (readonly Identified[])[],
): Sliced<boolean> {
  const [first = [], ...others] = lists
  if (asked === undefined || !(yield* areAmbiguous(first))) return false
  const documents = yield* outlinesOf(yield* documentsIn(asked.list), asked.outline)
  return [documents, ...others].every(
    (list) => list.length === first.length && list.every(({ id }, at) => id === first[at]!.id),
  )
}

/** Whether a Document has no id, or that of another one. */
function* areAmbiguous(documents: readonly Identified[]): Sliced<boolean> {
  const slice = new Slice()
  const known = new Set<string>()
  for (const { id } of documents) {
    if (slice.isFull(0)) yield
    if (id === '' || known.has(id)) return true
    known.add(id)
  }
  return false
}
