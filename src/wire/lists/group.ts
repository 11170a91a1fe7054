import { Slice, type Sliced } from '../../lib/slices.js'
import type { Identified } from './list.js'
import type { Outline } from './outline.js'

/** Documents to be merged into one. */
export interface Group<D extends Identified = Outline> {
  /** At least one, the earliest first. */
  readonly documents: readonly [D, ...D[]]
  /** Index of the list of the first Document, and the index in that list. */
  readonly list: number
  readonly at: number
}

/** Each Document of one list as a group of its own. */
export function alone<D extends Identified>(documents: readonly D[]): Group<D>[] {
  return documents.map((document, at) => ({ documents: [document], list: 0, at }))
}

/** Groups the Documents of lists of equal length by their index. In slices. */
export function* groupByIndex<D extends Identified>([
  first = [],
  ...others
]: readonly (readonly D[])[]): Sliced<Group<D>[]> {
  const slice = new Slice()
  const groups: Group<D>[] = []
  for (const [at, document] of first.entries()) {
    if (slice.isFull(0)) yield
    groups.push({ documents: [document, ...others.map((list) => list[at]!)], list: 0, at })
  }
  return groups
}

/** Groups the Documents of several lists by id, in order of first occurrence. One without an id stays alone. In slices. */
export function* groupById<D extends Identified>(lists: readonly (readonly D[])[]): Sliced<Group<D>[]> {
  const slice = new Slice()
  const groups: Group<D>[] = []
  const known = new Map<string, D[]>()
  for (const [list, listed] of lists.entries()) {
    for (const [at, document] of listed.entries()) {
      if (slice.isFull(0)) yield
      const same = document.id === '' ? undefined : known.get(document.id)
      if (same !== undefined) same.push(document)
      else {
        const documents: [D] = [document]
        groups.push({ documents, list, at })
        if (document.id !== '') known.set(document.id, documents)
      }
    }
  }
  return groups
}
