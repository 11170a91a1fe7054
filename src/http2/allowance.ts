import type { Clock } from '../lib/clock.js'

/** How often a peer may do something that costs this side more than the peer. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/**
 * Counts what a peer may still do: a token bucket, with tokens that useful work earns. Reads the clock only when it seems to
 * be empty.
 */
export class Allowance {
  readonly #rate: Rate
  readonly #clock: Clock
  #tokens: number
  #since: number

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
    this.#tokens = rate.burst
    this.#since = clock.monotonic()
  }

  /** False when the peer has done it too often. */
  spend(): boolean {
    if (this.#tokens >= 1) {
      this.#tokens--
      return true
    }
    const now = this.#clock.monotonic()
    const earned = ((now - this.#since) / 1000) * this.#rate.perSecond
    this.#since = now
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + earned)
    return this.#tokens-- >= 1
  }

  /** Adds tokens, up to the burst. */
  earn(tokens: number): void {
    const { burst } = this.#rate
    this.#tokens = this.#tokens + tokens > burst ? burst : this.#tokens + tokens
  }
}
