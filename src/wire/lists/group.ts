import { Slice, type Sliced } from '../../lib/slices.js'
import type { Outline } from './outline.js'

/** Documents that become one. */
export interface Group {
  /** At least one, the earliest first. */
  readonly documents: readonly [Outline, ...Outline[]]
  /** Which of the lists the first one is of, and where in it. */
  readonly list: number
  readonly at: number
}

/** Each Document alone, all of one list. */
export function alone(documents: readonly Outline[]): Group[] {
  return documents.map((document, at) => ({ documents: [document], list: 0, at }))
}

/** The Documents of lists of one length by their places: those at the same place are one. In slices. */
export function* groupByPlace([first = [], ...others]: readonly (readonly Outline[])[]): Sliced<Group[]> {
  const slice = new Slice()
  const groups: Group[] = []
  for (const [at, document] of first.entries()) {
    if (slice.isFull(0)) yield
    groups.push({ documents: [document, ...others.map((list) => list[at]!)], list: 0, at })
  }
  return groups
}

/** The Documents of several lists by id, in the order in which ids first come. One without an id is alone. In slices. */
export function* groupById(lists: readonly (readonly Outline[])[]): Sliced<Group[]> {
  const slice = new Slice()
  const groups: Group[] = []
  const known = new Map<string, Outline[]>()
  for (const [list, listed] of lists.entries()) {
    for (const [at, document] of listed.entries()) {
      if (slice.isFull(0)) yield
      const same = document.id === '' ? undefined : known.get(document.id)
      if (same !== undefined) same.push(document)
      else {
        const documents: [Outline] = [document]
        groups.push({ documents, list, at })
        if (document.id !== '') known.set(document.id, documents)
      }
    }
  }
  return groups
}
