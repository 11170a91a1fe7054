/** A new sample counts for this much of the averages. */
const newness = 0.1

/**
 * How long a request will take that arrives now, from how long those took that were answered last.
 *
 * A stage in a steady state answers a new request in the time it took the last ones. When fewer requests are before it than
 * those found, it is sooner, in proportion; never later, because a stage that waits for others takes more at once at no cost.
 * So the estimate errs to the low side, and who is refused because of it would have come too late.
 */
export class Pace {
  #sojournMs = -1
  #depth = 0

  /** A request was answered `sojournMs` after it had found `depth` others before it. */
  sample(sojournMs: number, depth: number): void {
    const share = this.#sojournMs < 0 ? 1 : newness
    this.#sojournMs += (sojournMs - this.#sojournMs) * share
    this.#depth += (depth - this.#depth) * share
  }

  /** Milliseconds for a request that finds `depth` others before it; 0 while nothing is known. */
  estimate(depth: number): number {
    if (this.#sojournMs < 0) return 0
    return this.#sojournMs * Math.min(1, (depth + 1) / (this.#depth + 1))
  }
}
