import { Reader } from '../../lib/protobuf/reader.js'

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

/** How many Documents a DocumentArrayProto has; none is decoded. Throws MALFORMED. */
export function countDocuments(list: Uint8Array): number {
  const reader = new Reader(list)
  let count = 0
  while (!reader.done) {
    const tag = reader.tag()
    reader.skip(tag)
    if (tag === docsTag) count++
  }
  return count
}

/** Lists one behind the other, for those who want the Documents of all shards as they are. */
export function concatenate(lists: readonly Uint8Array[]): Uint8Array[] {
  return lists.filter((list) => list.length > 0)
}

/** Where the Documents of a list are; `unknown` is told all other fields. Throws MALFORMED. */
export function placesIn(list: Uint8Array, unknown: (from: number, end: number) => void = ignore): Place[] {
  const reader = new Reader(list)
  const places: Place[] = []
  while (!reader.done) {
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
