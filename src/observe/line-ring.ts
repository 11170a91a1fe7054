/** A line that a pod printed. */
export interface KeptLine {
  /** Counts all lines of the Flow. */
  readonly number: number
  /** When it arrived, in milliseconds since the epoch. */
  readonly time: number
  readonly pid: number
  /** As it was printed: relayed entries are formatted when they are shown. */
  readonly raw: string
}

export interface RingLimits {
  readonly lines: number
  /** In UTF-16 units. */
  readonly size: number
}

/** The last lines of one pod. A line that alone exceeds the limits is not kept. */
export class LineRing {
  readonly #limits: RingLimits
  #lines: KeptLine[] = []
  /** Index of the first line; those before it were dropped. */
  #first = 0
  #size = 0

  constructor(limits: RingLimits) {
    this.#limits = limits
  }

  /** Sum of the lengths of its lines, in UTF-16 units. */
  get size(): number {
    return this.#size
  }

  /** Oldest first. */
  get lines(): readonly KeptLine[] {
    return this.#lines.slice(this.#first)
  }

  push(line: KeptLine): void {
    this.#lines.push(line)
    this.#size += line.raw.length
    const { lines, size } = this.#limits
    while (this.#lines.length - this.#first > lines || this.#size > size) this.drop()
  }

  /** Drops the oldest line. */
  drop(): void {
    const line = this.#lines[this.#first]
    if (line === undefined) return
    this.#size -= line.raw.length
    this.#lines[this.#first++] = gone
    // moves the rest once in so many drops
    if (this.#first < this.#limits.lines) return
    this.#lines = this.#lines.slice(this.#first)
    this.#first = 0
  }
}

/** In the place of a line that was dropped, so that its text is freed. */
const gone: KeptLine = { number: 0, time: 0, pid: 0, raw: '' }
