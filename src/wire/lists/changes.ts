import { Slice, type Sliced } from '../../lib/slices.js'
import { outlineOfV1, outlinesOf, versionOfLists } from './formats.js'
import { docsTag, documentsIn, type FieldRange, type Identified } from './list.js'
import { isChanged, writeChanges } from './merge-changes.js'
import { Rope } from './rope.js'
import { isChangedV2, writeChangesV2 } from './v2/changes.js'
import { outlineOfV2 } from './v2/outline.js'
import { type Branch, type IsChanged, keyed, type Versions, versionsOf } from './versions.js'

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
 * Chunks and matches are lists with the same rules, and so are all lists of documents in DocArray v2, where rule 1 also holds for the fields of
 * documents in documents, and for the keys of every dict. Fields are compared as bytes, and decoded only where several branches
 * differ from the base.
 */
export function* mergeChanges(base: Uint8Array, branches: readonly BranchList[]): Sliced<Uint8Array[]> {
  const version = versionOfLists([base, ...branches.map(({ list }) => list)])
  const given = { base, branches }
  return version === 'v2' ? yield* mergeWith(given, changesV2) : yield* mergeWith(given, changesV1)
}

/** What differs between the two formats. */
interface Changes<D extends Identified> {
  outline(range: FieldRange): D
  readonly isChanged: IsChanged<D>
  write(target: Rope, tag: number, versions: Versions<D>): void
}

const changesV1 = { outline: outlineOfV1, isChanged, write: writeChanges }
const changesV2 = { outline: outlineOfV2, isChanged: isChangedV2, write: writeChangesV2 }

interface Given {
  readonly base: Uint8Array
  readonly branches: readonly BranchList[]
}

function* mergeWith<D extends Identified>(
  { base, branches }: Given,
  { outline, isChanged: isOther, write }: Changes<D>,
): Sliced<Uint8Array[]> {
  const slice = new Slice()
  const merged = new Rope()
  const unknown = new Rope()
  const before = keyed(yield* outlinesOf(yield* documentsIn(base), outline))
  const after: Branch<D>[] = []
  for (const [index, { list, isWhole }] of branches.entries()) {
    const ranges = yield* documentsIn(list, (from, end) => index === 0 && unknown.add(list, from, end))
    after.push({ documents: keyed(yield* outlinesOf(ranges, outline)), isWhole })
  }
  for (const versions of yield* versionsOf(before, after, isOther)) {
    if (slice.isFull(lengthOf(versions))) yield
    write(merged, docsTag, versions)
  }
  merged.append(unknown)
  return yield* merged.pieces()
}

function lengthOf<D extends Identified>({ versions }: Versions<D>): number {
  return versions.reduce((sum, { from, end }) => sum + end - from, 0)
}
