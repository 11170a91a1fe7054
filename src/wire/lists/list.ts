import { Reader } from '../../lib/protobuf/reader.js'
import { Slice, type Sliced } from '../../lib/slices.js'

/** The tag of a DocumentArrayProto's `docs`. */
export const docsTag = 10

/** A field within the bytes of a list. */
export interface FieldRange {
  readonly bytes: Uint8Array
  /** Offset of its tag. */
  readonly from: number
  /** Offset of its value. */
  readonly start: number
  readonly end: number
}

/** A Document of either format within a list. */
export interface Identified extends FieldRange {
  /** '' for none. */
  readonly id: string
}

/**
 * The number of Documents in a DocumentArrayProto, without decoding them. Stops counting at `most` + 1, where unknown fields
 * count as Documents. Throws MALFORMED.
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

/** Concatenates lists, to keep the Documents of all shards as they are. */
export function concatenate(lists: readonly Uint8Array[]): Uint8Array[] {
  return lists.filter((list) => list.length > 0)
}

/** Locates the Documents of a list; all other fields are passed to `unknown`. In slices. Throws MALFORMED. */
export function* documentsIn(
  list: Uint8Array,
  unknown: (from: number, end: number) => void = ignore,
): Sliced<FieldRange[]> {
  const slice = new Slice()
  const reader = new Reader(list)
  const ranges: FieldRange[] = []
  while (!reader.done) {
    if (slice.isFull(0)) yield
    const from = reader.position
    const tag = reader.tag()
    if (tag === docsTag) {
      const length = reader.span()
      const end = reader.position
      ranges.push({ bytes: list, from, start: end - length, end })
    } else {
      reader.skip(tag)
      unknown(from, reader.position)
    }
  }
  return ranges
}

function ignore(): void {}
