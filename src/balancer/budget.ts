import type { Clock } from '../lib/clock.js'
import { SlidingSum } from '../lib/sliding-sum.js'

export interface BudgetOptions {
  readonly clock: Clock
  /** Extra tries allowed for each request of the last `windowMs`, such as 0.2. */
  readonly share: number
  /** Extra tries allowed in each `windowMs`, whatever the traffic. */
  readonly reserve: number
  /** Default 10,000. */
  readonly windowMs?: number
}

/**
 * Limits extra tries to a share of recent requests, so that they multiply the load by at most 1 + `share` when everything
 * fails, plus a small reserve, so that there are retries at low traffic too.
 *
 * Source: Finagle's and linkerd's retry budgets (share 0.2, reserve 10 a second).
 */
export class Budget {
  readonly #share: number
  readonly #reserve: number
  readonly #requests: SlidingSum
  readonly #taken: SlidingSum

  constructor({ clock, share, reserve, windowMs = 10_000 }: BudgetOptions) {
    this.#share = share
    this.#reserve = reserve
    this.#requests = new SlidingSum(clock, windowMs)
    this.#taken = new SlidingSum(clock, windowMs)
  }

  /** Counts an incoming request. */
  deposit(): void {
    this.#requests.add(1)
  }

  /** Takes one extra try from the budget; false when none is left. */
  take(): boolean {
    if (this.#taken.sum() + 1 > this.#reserve + this.#requests.sum() * this.#share) return false
    this.#taken.add(1)
    return true
  }
}
