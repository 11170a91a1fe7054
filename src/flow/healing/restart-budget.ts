import type { Clock } from '../../lib/clock.js'
import type { Restarts } from '../../plan/resilience.js'

/**
 * How many restarts the replicas of a stage have left, all together, in a window that slides.
 *
 * 1. In any `windowMs` there are at most `max` restarts.
 */
export class RestartBudget {
  readonly max: number
  readonly windowMs: number
  readonly #clock: Clock
  /** Moments of the last restarts, oldest first. */
  #taken: number[] = []

  constructor({ max, windowMs }: Restarts, clock: Clock) {
    this.max = max
    this.windowMs = windowMs
    this.#clock = clock
  }

  /** Restarts within the window that ends now. */
  get used(): number {
    this.#forget()
    return this.#taken.length
  }

  /** One more restart; false when there is none left. */
  take(): boolean {
    this.#forget()
    if (this.#taken.length >= this.max) return false
    this.#taken.push(this.#clock.monotonic())
    return true
  }

  /** Milliseconds until there is a restart again: 0 for now, Infinity for a budget of none. */
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
