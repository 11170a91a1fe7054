import { allocate } from '../../lib/protobuf/text.js'
import { Slice, type Sliced } from '../../lib/slices.js'

/** Ranges of at least this many bytes become views; below it, a copy costs less than another piece to write. */
const largeRange = 4096

/** Small ranges are copied together up to about this many bytes. */
const maxJoined = 64 * 1024

interface Range {
  readonly bytes: Uint8Array
  readonly from: number
  to: number
}

/**
 * Ranges of bytes in the order in which they will be written, whose total length is known beforehand. Adjacent ranges of the
 * same bytes are joined.
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

  /** Appends another rope, which must not be changed afterwards. */
  append(rope: Rope): void {
    this.#length += rope.#length
    this.#last = undefined
    this.#parts.push(rope)
  }

  /**
   * Large ranges as views of their bytes; small ones copied together. An added range is never cut in two.
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
