import { Slice, type Sliced } from '../../lib/slices.js'
import { docsTag, documentsIn } from './list.js'
import { isChanged, writeChanges } from './merge-changes.js'
import { outlinesOf } from './outline.js'
import { Rope } from './rope.js'
import { type Branch, keyed, type Versions, versionsOf } from './versions.js'

/** What a branch made of a list. */
export interface BranchList {
  readonly list: Uint8Array
  /** Whether a Document of the base that it lacks was removed by it: false when a condition may have left it out. */
  readonly isWhole: boolean
}

/**
 * A three-way merge: what branches changed of `base`, the list that all of them began with. In pieces to be written one after
 * the other. In slices. Throws MALFORMED.
 *
 * 1. Of each field the first branch counts that changed it; in tags, scores and evaluations, of each key. What none changed
 *    stays.
 * 2. A Document that a branch removed is gone, unless an earlier branch changed it. One that all branches lack is gone.
 * 3. A new Document is there if any branch added it. Where several did, rule 1 merges them, with nothing as the base.
 * 4. The order is that of the first branch that added or moved Documents; what it lacks follows, first in the order of the
 *    base, then in that of the other branches.
 *
 * Chunks and matches are lists with the same rules. Fields are compared as bytes, and decoded only where several branches
 * differ from the base.
 */
export function* mergeChanges(base: Uint8Array, branches: readonly BranchList[]): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const merged = new Rope()
  const unknown = new Rope()
  const before = keyed(yield* outlinesOf(yield* documentsIn(base)))
  const after: Branch[] = []
  for (const [index, { list, isWhole }] of branches.entries()) {
    const ranges = yield* documentsIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    after.push({ documents: keyed(yield* outlinesOf(ranges)), isWhole })
  }
  for (const versions of yield* versionsOf(before, after, isChanged)) {
    if (slice.isFull(lengthOf(versions))) yield
    writeChanges(merged, docsTag, versions)
  }
  merged.append(unknown)
  return yield* merged.pieces()
}

function lengthOf({ versions }: Versions): number {
  return versions.reduce((sum, { from, end }) => sum + end - from, 0)
}
