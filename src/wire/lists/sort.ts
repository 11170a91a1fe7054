import { Slice, type Sliced } from '../../lib/slices.js'
import { identifiedIn } from './formats.js'
import type { Identified } from './list.js'
import { Rope } from './rope.js'

/**
 * Puts the Documents of a list into the order in which `asked` has their ids; those with other ids come last, and stay in their
 * order. In pieces to be written one after the other; undefined when the list is in that order already. In slices. Throws MALFORMED.
 */
export function* sortedAs(list: Uint8Array, asked: Uint8Array): Sliced<Uint8Array[] | undefined> {
  const slice = new Slice()
  const positions = new Map<string, number>()
  for (const { id } of yield* identifiedIn(asked)) {
    if (slice.isFull(0)) yield
    if (!positions.has(id)) positions.set(id, positions.size)
  }
  const unknown = new Rope()
  const documents = yield* identifiedIn(list, (from, end) => unknown.add(list, from, end))
  const positionOf = ({ id }: Identified): number => positions.get(id) ?? positions.size
  if (documents.every((one, at) => at === 0 || positionOf(documents[at - 1]!) <= positionOf(one)))
    return undefined
  const sorted = new Rope()
  for (const { bytes, from, end } of documents.toSorted(
    (left, right) => positionOf(left) - positionOf(right),
  )) {
    if (slice.isFull(0)) yield
    sorted.add(bytes, from, end)
  }
  sorted.append(unknown)
  return yield* sorted.pieces()
}
