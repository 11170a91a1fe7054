import type { Clock } from '../../lib/clock.js'
import type { Restarts } from '../../plan/resilience.js'

/** Answered requests that make up for one restart. */
const requestsForRestart = 10

/** The most restarts that one end can make up for. */
const mostForEnd = 2

/**
 * The restarts that the replicas of a stage have left together, in a sliding window.
 *
 * 1. In any `windowMs` there are at most `max` restarts, and those that answered requests make up for: one for ten that a
 *    replica has answered before it ended, at most two for each end. So a stage that answers others goes on while some requests
 *    end its replicas, and one that answers nobody does not.
 * 2. With a `max` of 0 there are none.
 */
export class RestartBudget {
  readonly max: number
  readonly windowMs: number
  readonly #clock: Clock
  /** Times of recent restarts, oldest first. */
  #taken: number[] = []
  /** What recent ends made up for, oldest first. */
  #earned: { readonly at: number; readonly restarts: number }[] = []

  constructor({ max, windowMs }: Restarts, clock: Clock) {
    this.max = max
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** Restarts in the current window that nothing made up for. */
  get used(): number {
    this.#forget()
    return Math.max(0, this.#taken.length - this.#made)
  }

  /** A replica has ended that had answered `served` requests. */
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
