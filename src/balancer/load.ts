import { type Deferred, deferred } from '../lib/deferred.js'
import type { Clock } from '../lib/clock.js'

export interface LoadOptions {
  readonly clock: Clock
  /** Time constant of the average in milliseconds: a latency counts for 1/e after this long. Default 10,000. */
  readonly decayMs?: number
}

/**
 * How loaded one replica is, as far as this gateway knows: its own requests in flight, and their latency as a
 * peak-sensitive moving average (a slower answer counts at once, faster ones pull it down over `decayMs`).
 *
 * Source of the formula: Finagle's and linkerd's "peak EWMA": `w = e^(-Δt / decay)`, `avg = max(sample, avg·w + sample·(1 - w))`.
 * Between samples it falls towards zero in the same way, so that a replica that was slow once is tried again.
 */
export class Load {
  readonly #clock: Clock
  readonly #decayMs: number
  #inFlight = 0
  #latencyMs = -1
  #sampledAt = 0
  #idle: Deferred<void> | undefined

  constructor({ clock, decayMs = 10_000 }: LoadOptions) {
    this.#clock = clock
    this.#decayMs = decayMs
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Milliseconds; -1 while no request was answered yet. */
  get latencyMs(): number {
    if (this.#latencyMs < 0) return -1
    return this.#latencyMs * this.#weight(this.#clock.monotonic())
  }

  /** A request goes out; hand the result to `answered` or `failed`. */
  began(): number {
    this.#inFlight++
    return this.#clock.monotonic()
  }

  /** It was answered: its time counts. */
  answered(began: number): void {
    const now = this.#clock.monotonic()
    const sample = now - began
    const weight = this.#weight(now)
    const average = this.#latencyMs < 0 ? sample : this.#latencyMs * weight + sample * (1 - weight)
    this.#latencyMs = Math.max(sample, average)
    this.#sampledAt = now
    this.#ended()
  }

  /** It came to nothing: its time does not count, or a replica that fails fast would look like the best one. */
  failed(): void {
    this.#ended()
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve()
    return (this.#idle ??= deferred()).promise
  }

  #ended(): void {
    if (--this.#inFlight > 0) return
    this.#idle?.resolve()
    this.#idle = undefined
  }

  #weight(now: number): number {
    return Math.exp((this.#sampledAt - now) / this.#decayMs)
  }
}
