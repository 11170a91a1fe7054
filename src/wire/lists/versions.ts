import { Slice, type Sliced } from '../../lib/slices.js'
import type { Identified } from './list.js'
import type { Outline } from './outline.js'

/** Documents of a list by id and by their number among those with that id, in their order. */
export type Keyed<D extends Identified = Outline> = ReadonlyMap<string, D>

/** What a branch made of a list. */
export interface Branch<D extends Identified = Outline> {
  readonly documents: Keyed<D>
  /** Whether a Document of the base that it lacks was removed by it, and not left out by a condition. */
  readonly isWhole: boolean
}

/** One Document of a three-way merge. */
export interface Versions<D extends Identified = Outline> {
  /** The Document that the branches began with; undefined if it is new. */
  readonly base: D | undefined
  /** What the branches made of it, in their order, without those that lack it. At least one. */
  readonly versions: readonly D[]
}

/** Whether a branch changed a Document. */
export type IsChanged<D extends Identified = Outline> = (base: D, version: D) => boolean

/** A Document whose id occurs several times, or is missing, is matched by its number among those. */
export function keyed<D extends Identified>(documents: readonly D[]): Keyed<D> {
  const known = new Map<string, D>()
  const counts = new Map<string, number>()
  for (const document of documents) {
    const count = counts.get(document.id) ?? 0
    counts.set(document.id, count + 1)
    known.set(`${count} ${document.id}`, document)
  }
  return known
}

/**
 * The Documents of a three-way merge, in their order: rules 2, 3 and 4 of `mergeChanges`. `isChanged` is only called for
 * Documents that a branch removed. In slices.
 */
export function* versionsOf<D extends Identified>(
  base: Keyed<D>,
  branches: readonly Branch<D>[],
  isChanged: IsChanged<D>,
): Sliced<Versions<D>[]> {
  const slice = new Slice()
  const lead = branches.find((branch) => isReordered(base, branch))?.documents
  const kept: Versions<D>[] = []
  const seen = new Set<string>()
  for (const list of [lead ?? base, base, ...branches.map(({ documents }) => documents)]) {
    for (const key of list.keys()) {
      if (slice.isFull(0)) yield
      if (seen.has(key)) continue
      seen.add(key)
      const document = base.get(key)
      if (document !== undefined && isRemoved(document, { key, branches, isChanged })) continue
      const versions = branches.flatMap(({ documents }) => documents.get(key) ?? [])
      if (versions.length > 0) kept.push({ base: document, versions })
    }
  }
  return kept
}

/** Whether a branch added or moved Documents. */
function isReordered<D extends Identified>(base: Keyed<D>, { documents }: Branch<D>): boolean {
  const keys = documents.keys()
  for (const key of base.keys()) {
    if (documents.has(key) && keys.next().value !== key) return true
  }
  return keys.next().done !== true
}

interface Removal<D extends Identified> {
  readonly key: string
  readonly branches: readonly Branch<D>[]
  readonly isChanged: IsChanged<D>
}

/** Whether the first branch that changed or removed a Document removed it. */
function isRemoved<D extends Identified>(base: D, { key, branches, isChanged }: Removal<D>): boolean {
  if (!branches.some(({ documents, isWhole }) => isWhole && !documents.has(key))) return false
  for (const { documents, isWhole } of branches) {
    const version = documents.get(key)
    if (version !== undefined && isChanged(base, version)) return false
    if (version === undefined && isWhole) return true
  }
  return false
}
