import type { Clock } from '../../lib/clock.js'
import type { Restarts } from '../../plan/resilience.js'

/** This many answered requests earn one restart. */
const requestsForRestart = 10

/** The most restarts that one ended replica can earn. */
const mostForEnd = 2

/**
 * The restart budget shared by the replicas of a stage, in a sliding window.
 *
 * 1. In any `windowMs` there are at most `max` restarts, plus those earned: a replica that ends has earned one restart for each
 *    ten requests that it had answered, at most two. So a stage keeps running while some requests crash its replicas, unless it
 *    answers no requests in between.
 * 2. With a `max` of 0 there are no restarts.
 */
export class RestartBudget {
  readonly max: number
  readonly windowMs: number
  readonly #clock: Clock
  /** Times of recent restarts, oldest first. */
  #taken: number[] = []
  /** Restarts that recently ended replicas have earned, oldest first. */
  #earned: { readonly at: number; readonly restarts: number }[] = []

  constructor({ max, windowMs }: Restarts, clock: Clock) {
    this.max = max
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** Restarts in the current window, minus the earned ones. */
  get used(): number {
    this.#forget()
    return Math.max(0, this.#taken.length - this.#made)
  }

  /** Records that a replica has ended after answering `served` requests. */
  ended(served: number): void {
    const restarts = Math.min(mostForEnd, served / requestsForRestart)
    if (restarts > 0) this.#earned.push({ at: this.#clock.monotonic(), restarts })
  }

  /** Takes one restart; false when none is left. */
  take(): boolean {
    if (this.max === 0 || this.used > this.max - 1) return false
    this.#taken.push(this.#clock.monotonic())
    return true
  }

  /** Milliseconds until a restart may be available: 0 for now, Infinity when `max` is 0. */
  waitMs(): number {
    if (this.max === 0) return Number.POSITIVE_INFINITY
    if (this.used <= this.max - 1) return 0
    return this.#taken[0]! + this.windowMs - this.#clock.monotonic()
  }

  get #made(): number {
    return this.#earned.reduce((sum, { restarts }) => sum + restarts, 0)
  }

  #forget(): void {
    const since = this.#clock.monotonic() - this.windowMs
    this.#taken = this.#taken.filter((moment) => moment > since)
    this.#earned = this.#earned.filter(({ at }) => at > since)
  }
}
