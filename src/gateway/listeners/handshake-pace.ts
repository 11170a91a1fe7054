import type { Clock } from '../../lib/clock.js'

/** Handshakes that may begin at once after a pause, as a share of those of a second: together they hold up the thread for so long. */
const burstSeconds = 0.1

/**
 * Lets handshakes begin at most so many times a second, in the order of their connections: each takes about a millisecond of the
 * gateway's thread with a key of RSA, and a client needs no token to begin one. A token bucket, kept as the time at which it will be
 * full (ITU-T I.371, Annex A).
 */
export class HandshakePace {
  readonly #clock: Clock
  readonly #msEach: number
  readonly #burstMs: number
  /** Monotonic milliseconds. */
  #fullAt = 0

  /** @param perSecond null for no limit */
  constructor(perSecond: number | null, clock: Clock) {
    this.#clock = clock
    this.#msEach = perSecond === null ? 0 : 1000 / perSecond
    this.#burstMs = Math.max(burstSeconds * 1000, this.#msEach)
  }

  /** Calls `begin` when it is its turn; false when that would be later than after `mostMs`. */
  enter(begin: () => void, mostMs: number): boolean {
    if (this.#msEach === 0) {
      begin()
      return true
    }
    const now = this.#clock.monotonic()
    const fullAt = Math.max(now, this.#fullAt) + this.#msEach
    const waitMs = fullAt - now - this.#burstMs
    if (waitMs > mostMs) return false
    this.#fullAt = fullAt
    if (waitMs <= 0) begin()
    else this.#clock.after(waitMs, begin)
    return true
  }
}
