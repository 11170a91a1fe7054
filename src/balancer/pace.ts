import type { Clock } from '../lib/clock.js'

/** A new sample counts for this much of the averages. */
const newness = 0.05

/** A stage is saturated when requests take this many times what one takes that finds the stage idle. */
const saturatedAt = 3

/**
 * How long a request will take that arrives now.
 *
 * While a stage is saturated it answers at its own rate, whoever asks: a request that finds `depth` others before it is
 * answered after that many gaps between two answers (Little's law). While it is not, more requests at once may well cost
 * no time (a stage that waits for others), and no estimate is given. It is saturated when requests take three times what
 * one takes that finds an idle stage.
 */
export class Pace {
  readonly #clock: Clock
  /** Of requests that found an idle stage; -1 while there was none. */
  #aloneMs = -1
  #sojournMs = 0
  #gapMs = -1
  #lastAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A request comes that finds nobody: the time since the last answer says nothing of the stage's rate. */
  idle(): void {
    this.#lastAt = this.#clock.monotonic()
  }

  /** A request was answered `sojournMs` after it had found `depth` others before it at `replicas` replicas. */
  answered(sojournMs: number, depth: number, replicas: number): void {
    const now = this.#clock.monotonic()
    const gap = now - this.#lastAt
    this.#lastAt = now
    this.#gapMs = this.#gapMs < 0 ? gap : blend(this.#gapMs, gap)
    this.#sojournMs = this.#sojournMs === 0 ? sojournMs : blend(this.#sojournMs, sojournMs)
    if (depth < replicas) this.#aloneMs = this.#aloneMs < 0 ? sojournMs : blend(this.#aloneMs, sojournMs)
  }

  /** Milliseconds for a request that finds `depth` others before it; 0 while nobody can tell. */
  estimate(depth: number): number {
    const saturated = this.#aloneMs >= 0 && this.#sojournMs > saturatedAt * this.#aloneMs
    return saturated ? (depth + 1) * this.#gapMs : 0
  }
}

function blend(average: number, sample: number): number {
  return average + (sample - average) * newness
}
