import type { Clock } from '../../lib/clock.js'
import type { Restarts } from '../../plan/resilience.js'

/**
 * The restarts that the replicas of a stage have left together, in a sliding window.
 *
 * 1. In any `windowMs` there are at most `max` restarts.
 */
export class RestartBudget {
  readonly max: number
  readonly windowMs: number
  readonly #clock: Clock
  /** Times of recent restarts, oldest first. */
  #taken: number[] = []

  constructor({ max, windowMs }: Restarts, clock: Clock) {
    this.max = max
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** Restarts in the current window. */
  get used(): number {
    this.#forget()
    return this.#taken.length
  }

  /** Takes one restart; false when none is left. */
  take(): boolean {
    this.#forget()
    if (this.#taken.length >= this.max) return false
    this.#taken.push(this.#clock.monotonic())
    return true
  }

  /** Milliseconds until a restart is available: 0 for now, Infinity when `max` is 0. */
  waitMs(): number {
    this.#forget()
    if (this.#taken.length < this.max) return 0
    const oldest = this.#taken[0]
    return oldest === undefined ? Number.POSITIVE_INFINITY : oldest + this.windowMs - this.#clock.monotonic()
  }

  #forget(): void {
    const since = this.#clock.monotonic() - this.windowMs
    this.#taken = this.#taken.filter((moment) => moment > since)
  }
}
