import type { Outline } from './outline.js'

/** The Documents of several lists in groups of one id, in the order in which ids first came. One without an id is alone. */
export function groupById(lists: readonly (readonly Outline[])[]): Outline[][] {
  const groups: Outline[][] = []
  const known = new Map<string, Outline[]>()
  for (const document of lists.flat()) {
    const group = document.id === '' ? undefined : known.get(document.id)
    if (group !== undefined) group.push(document)
    else {
      const fresh = [document]
      groups.push(fresh)
      if (document.id !== '') known.set(document.id, fresh)
    }
  }
  return groups
}
