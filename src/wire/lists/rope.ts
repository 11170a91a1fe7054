import { allocate } from '../../lib/protobuf/text.js'
import { Slice, type Sliced } from '../../lib/slices.js'

/** From this many bytes on a range is handed on as a view: below it, a copy costs less than one more piece to write. */
const largeRange = 4096

/** Small ranges are copied together up to about this many bytes. */
const maxJoined = 64 * 1024

interface Range {
  readonly bytes: Uint8Array
  readonly from: number
  to: number
}

/**
 * Ranges of bytes in the order in which they are to be written, of which the length is known before they are. Ranges
 * that lie one behind the other in the same bytes become one.
 *
 * @example
 * const document = new Rope()
 * document.add(bytes, 10, 400)
 * list.add(prefix(10, document.length))
 * list.append(document)
 * return atOnce(list.pieces())
 */
export class Rope {
  readonly #parts: (Range | Rope)[] = []
  #last: Range | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  add(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    if (from === to) return
    this.#length += to - from
    const last = this.#last
    if (last !== undefined && last.bytes === bytes && last.to === from) last.to = to
    else this.#parts.push((this.#last = { bytes, from, to }))
  }

  /** Adds another rope, to which nothing is added from now on. */
  append(rope: Rope): void {
    this.#length += rope.#length
    this.#last = undefined
    this.#parts.push(rope)
  }

  /**
   * Large ranges as views of the bytes they are in; small ones are copied together. What was added is never cut in two.
   * In slices.
   */
  *pieces(): Sliced<Uint8Array[]> {
    const slice = new Slice()
    const pieces: Uint8Array[] = []
    const small: Range[] = []
    let smallBytes = 0
    for (const range of yield* this.#ranges()) {
      const length = range.to - range.from
      if (slice.isFull(0)) yield
      const isSmall = length < largeRange
      if (!isSmall || smallBytes + length > maxJoined) {
        flush(small, pieces)
        smallBytes = 0
      }
      if (isSmall) {
        small.push(range)
        smallBytes += length
      } else pieces.push(view(range))
    }
    flush(small, pieces)
    return pieces
  }

  *#ranges(): Sliced<Range[]> {
    const slice = new Slice()
    const ranges: Range[] = []
    for (const part of this.#parts) {
      if (slice.isFull(0)) yield
      if (part instanceof Rope) part.#addTo(ranges)
      else ranges.push(part)
    }
    return ranges
  }

  #addTo(ranges: Range[]): void {
    for (const part of this.#parts) {
      if (part instanceof Rope) part.#addTo(ranges)
      else ranges.push(part)
    }
  }
}

function flush(small: Range[], pieces: Uint8Array[]): void {
  if (small.length === 1) pieces.push(view(small[0]!))
  else if (small.length > 1) pieces.push(joined(small))
  small.length = 0
}

function joined(ranges: readonly Range[]): Uint8Array {
  const target = allocate(ranges.reduce((sum, { from, to }) => sum + to - from, 0))
  let at = 0
  for (const range of ranges) {
    target.set(view(range), at)
    at += range.to - range.from
  }
  return target
}

function view({ bytes, from, to }: Range): Uint8Array {
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
}
