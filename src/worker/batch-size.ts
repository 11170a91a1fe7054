/** The size of the batches of an endpoint, by weight. */
export interface BatchSize {
  /** The current size, a whole number of at least 1. */
  readonly current: number
  /**
   * A batch begins; `isFull`: more documents would not have fitted. Returns a function to call when it has ended without an
   * error, with the milliseconds that it took.
   */
  begin(isFull: boolean): (ms: number) => void
}

/** A size that the options fix. */
export function fixedSize(size: number): BatchSize {
  return { current: size, begin: () => () => {} }
}

export interface AdaptiveSizeOptions {
  /** How long a batch should take at most. */
  readonly targetMs: number
  /** The largest size. */
  readonly most: number
}

/** The size of the first batches: that of a fixed size by default. */
const firstSize = 4
/** Without this floor a size of a hundred thousand tokens would grow for hours. */
const leastGrowth = 0.01
/** What a late batch leaves of the size: at most and at least. */
const mostKept = 0.9
const leastKept = 0.5

/**
 * Finds the largest size of which a batch takes at most `targetMs`, by additive increase and multiplicative decrease, as Clipper
 * does (Crankshaw et al., NSDI 2017, section 4.3.1).
 *
 * 1. Until a batch is late, each full batch doubles the size, as in the slow start of TCP (RFC 5681). From then on it adds 1, or
 *    a hundredth if that is more.
 * 2. A late batch multiplies the size by target ÷ time, but by no more than 0.9 and no less than 0.5.
 * 3. A batch that is not full adds nothing: it does not show that a larger one would be in time (as RFC 7661 for TCP).
 * 4. Of batches that began before the size was reduced, none reduces it again.
 * 5. The first batch is ignored, because it loads and compiles what later ones find ready.
 *
 * Only the time of the batch counts and not the wait before it: under overload smaller batches would make the wait longer.
 */
export class AdaptiveSize implements BatchSize {
  readonly #options: AdaptiveSizeOptions
  #size: number
  #isSlowStart = true
  #isFirst = true
  /** How often the size was reduced. */
  #reductions = 0

  constructor(options: AdaptiveSizeOptions) {
    this.#options = options
    this.#size = Math.min(firstSize, options.most)
  }

  get current(): number {
    return Math.floor(this.#size)
  }

  begin(isFull: boolean): (ms: number) => void {
    const reductions = this.#reductions
    const isFirst = this.#isFirst
    this.#isFirst = false
    return (ms) => {
      if (isFirst) return
      const { targetMs, most } = this.#options
      if (ms > targetMs) {
        if (reductions === this.#reductions) this.#reduce(targetMs / ms)
      } else if (isFull) {
        const more = this.#isSlowStart ? this.#size : Math.max(1, this.#size * leastGrowth)
        this.#size = Math.min(this.#size + more, most)
      }
    }
  }

  #reduce(share: number): void {
    this.#reductions++
    this.#isSlowStart = false
    this.#size = Math.max(1, this.#size * Math.min(mostKept, Math.max(leastKept, share)))
  }
}
