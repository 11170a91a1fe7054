import type { Clock } from '../lib/clock.js'

/** Weight of a new sample in the averages. */
const newness = 0.05

/** A stage is saturated when requests take this many times as long as on an idle stage. */
const saturatedAt = 3

/**
 * Estimates the latency of a request that arrives now.
 *
 * A saturated stage answers at a constant rate: a request with `depth` others before it is answered after that many intervals
 * between answers (Little's law). On a stage that is not saturated more requests may cost no time (handlers that await I/O), so
 * there is no estimate. A stage is saturated when requests take three times as long as on an idle stage.
 */
export class Pace {
  readonly #clock: Clock
  /** Average latency of requests on an idle stage; -1 while there was none. */
  #aloneMs = -1
  #sojournMs = 0
  #gapMs = -1
  #lastAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A request arrives at an idle stage: the time since the last answer says nothing about the stage's rate. */
  idle(): void {
    this.#lastAt = this.#clock.monotonic()
  }

  /** A request was answered after `sojournMs`; on arrival it had `depth` others before it at `replicas` replicas. */
  answered(sojournMs: number, depth: number, replicas: number): void {
    const now = this.#clock.monotonic()
    const gap = now - this.#lastAt
    this.#lastAt = now
    this.#gapMs = this.#gapMs < 0 ? gap : blend(this.#gapMs, gap)
    this.#sojournMs = this.#sojournMs === 0 ? sojournMs : blend(this.#sojournMs, sojournMs)
    if (depth < replicas) this.#aloneMs = this.#aloneMs < 0 ? sojournMs : blend(this.#aloneMs, sojournMs)
  }

  /** Estimated latency in milliseconds of a request with `depth` others before it; 0 when unknown. */
  estimate(depth: number): number {
    const saturated = this.#aloneMs >= 0 && this.#sojournMs > saturatedAt * this.#aloneMs
    return saturated ? (depth + 1) * this.#gapMs : 0
  }
}

function blend(average: number, sample: number): number {
  return average + (sample - average) * newness
}
