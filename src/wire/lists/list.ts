import { Reader } from '../../lib/protobuf/reader.js'
import { Slice, type Sliced } from '../../lib/slices.js'

/** The tag of a DocumentArrayProto's `docs`. */
export const docsTag = 10

/** Where in the bytes of a list one field is. */
export interface Place {
  readonly bytes: Uint8Array
  /** Where its tag begins. */
  readonly from: number
  /** Where its value begins. */
  readonly start: number
  readonly end: number
}

/**
 * How many Documents a DocumentArrayProto has; none is decoded. It counts no further than one more than `most`, and takes
 * fields that it does not know for Documents then. Throws MALFORMED.
 */
export function countDocuments(list: Uint8Array, most: number = Number.POSITIVE_INFINITY): number {
  const reader = new Reader(list)
  let count = 0
  let others = 0
  while (!reader.done) {
    const tag = reader.tag()
    reader.skip(tag)
    if (tag === docsTag) count++
    else others++
    if (count + others > most) return count + others
  }
  return count
}

/** Lists one behind the other, for those who want the Documents of all shards as they are. */
export function concatenate(lists: readonly Uint8Array[]): Uint8Array[] {
  return lists.filter((list) => list.length > 0)
}

/** Where the Documents of a list are; `unknown` is told all other fields. In slices. Throws MALFORMED. */
export function* placesIn(
  list: Uint8Array,
  unknown: (from: number, end: number) => void = ignore,
): Sliced<Place[]> {
  const slice = new Slice()
  const reader = new Reader(list)
  const places: Place[] = []
  while (!reader.done) {
    if (slice.isFull(0)) yield
    const from = reader.position
    const tag = reader.tag()
    if (tag === docsTag) {
      const length = reader.span()
      const end = reader.position
      places.push({ bytes: list, from, start: end - length, end })
    } else {
      reader.skip(tag)
      unknown(from, reader.position)
    }
  }
  return places
}

function ignore(): void {}
