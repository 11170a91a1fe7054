import type { Clock } from '../lib/clock.js'

/** A window smaller than the bandwidth-delay product holds the peer up: nearly all of it arrives within one round trip. */
const usedShare = 0.66

/** How much the window grows, in relation to what has arrived within one round trip. */
const growth = 2

/** The weight of a new round trip in the average. */
const newShare = 0.1

/** Round trips count as longer than they are, because the peer begins to send some time after it has been asked. */
const roundTripFactor = 1.5

/** How long nothing is measured after a measurement that did not show that the window is too small. */
const pauseMs = 100

/** Clocks may show no time between a ping and its answer. */
const shortestMs = 0.001

export interface BandwidthEstimateOptions {
  /** The windows of streams at first. */
  readonly windowBytes: number
  /** The windows of streams at most. */
  readonly mostBytes: number
  /** Whether there is memory for so many bytes of one stream. */
  mayHold(bytes: number): boolean
}

/**
 * Estimates how large the windows of streams must be so that they do not hold up the peer, as grpc-go does (its
 * `bdp_estimator.go`): what arrives between a ping and its answer is the bandwidth-delay product, or the window if that is
 * smaller. Windows only grow, and only while a larger window makes the peer faster.
 */
export class BandwidthEstimate {
  readonly #clock: Clock
  readonly #mostBytes: number
  readonly #mayHold: (bytes: number) => boolean
  #windowBytes: number
  /** When the ping was sent; undefined when none is under way. */
  #askedAt: number | undefined
  /** Bytes since then. */
  #bytes = 0
  /** Nothing is measured before. */
  #pauseUntil = Number.NEGATIVE_INFINITY
  /** Average of the round trips, in milliseconds; 0 before the first. */
  #roundTripMs = 0
  /** The rate at which the windows were made larger, in bytes per millisecond. */
  #highestRate = 0

  constructor(clock: Clock, { windowBytes, mostBytes, mayHold }: BandwidthEstimateOptions) {
    this.#clock = clock
    this.#windowBytes = windowBytes
    this.#mostBytes = mostBytes
    this.#mayHold = mayHold
  }

  /**
   * So many bytes of data have arrived. Returns true when a ping is to be sent. `isLarge`: the stream has needed credit for
   * more data, so its window may be too small.
   */
  received(bytes: number, isLarge: boolean): boolean {
    if (this.#askedAt !== undefined) {
      this.#bytes += bytes
      return false
    }
    if (!isLarge || this.#windowBytes >= this.#mostBytes) return false
    const now = this.#clock.monotonic()
    if (now < this.#pauseUntil) return false
    this.#askedAt = now
    this.#bytes = bytes
    return true
  }

  /** The ping was answered. Returns the size that windows must have from now on; undefined when they stay as they are. */
  answered(): number | undefined {
    if (this.#askedAt === undefined) return undefined
    const now = this.#clock.monotonic()
    const roundTripMs = Math.max(now - this.#askedAt, shortestMs)
    this.#askedAt = undefined
    this.#roundTripMs =
      this.#roundTripMs === 0 ? roundTripMs : this.#roundTripMs + (roundTripMs - this.#roundTripMs) * newShare
    const windowBytes = Math.min(this.#mostBytes, growth * this.#bytes)
    const rate = this.#bytes / (this.#roundTripMs * roundTripFactor)
    const isHeldUp = this.#bytes >= usedShare * this.#windowBytes && rate > this.#highestRate
    if (!isHeldUp || !this.#mayHold(windowBytes)) {
      this.#pauseUntil = now + pauseMs
      return undefined
    }
    this.#highestRate = rate
    this.#windowBytes = windowBytes
    this.#pauseUntil = now + roundTripMs // until the peer has read it, and its data arrives
    return windowBytes
  }
}
