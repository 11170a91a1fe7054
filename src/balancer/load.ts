import { type Deferred, deferred } from '../lib/deferred.js'
import type { Clock } from '../lib/clock.js'

export interface LoadOptions {
  readonly clock: Clock
  /** Time constant in milliseconds: a latency counts for at most 1/e after this long. Default 10,000. */
  readonly decayMs?: number
  /** The replica joins busy ones, so its share grows over `warmUpMs`. Default false. */
  readonly warmsUp?: boolean
}

/** How long a joining replica gets less than its share: its caches are cold and its code is not compiled yet. */
const warmUpMs = 3000

/** The share it begins with. */
const coldWeight = 0.1

/** Latency is ignored before this many answers: the first ones are slow, because nothing is compiled or cached. */
const knownAfter = 5
/** The average covers at most this many answers: one slow answer counts for a thirtieth. */
const averaged = 30

/**
 * How loaded one replica is, as far as this gateway knows: its own requests in flight, and their latency as a moving average
 * over answers and over time: `w = min(e^(-Δt / decay), 1 - 1/n)`, `avg = avg·w + sample·(1 - w)`, with `n` answers so far, 30
 * at most. Not known before the fifth answer.
 *
 * Between samples it decays towards zero as `e^(-Δt / decay)`, so that a replica that was slow is tried again. While requests
 * are in flight, the latency is at least the time since the replica last sent something: a stuck replica must not look better
 * from second to second.
 */
export class Load {
  readonly #clock: Clock
  readonly #decayMs: number
  #inFlight = 0
  #latencyMs = -1
  #answers = 0
  #served = 0
  #failures = 0
  #sampledAt = 0
  /** Time of the last activity: an answer, an item, or the first request after an idle time. */
  #signAt = 0
  #warmAt: number
  #idle: Deferred<void> | undefined

  constructor({ clock, decayMs = 10_000, warmsUp = false }: LoadOptions) {
    this.#clock = clock
    this.#decayMs = decayMs
    this.#warmAt = warmsUp ? clock.monotonic() + warmUpMs : 0
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Requests answered, streams among them. */
  get served(): number {
    return this.#served
  }

  /** Failed requests; cancelled requests do not count. */
  get failures(): number {
    return this.#failures
  }

  /** Average latency in milliseconds for status output, however few answers there were; null before the first. Stays while idle. */
  get averageMs(): number | null {
    return this.#latencyMs < 0 ? null : this.#latencyMs
  }

  /** Latency for comparing replicas, in milliseconds; -1 while too little is known. */
  get latencyMs(): number {
    const now = this.#clock.monotonic()
    const stuckMs = this.#inFlight === 0 ? 0 : now - this.#signAt
    if (this.#answers < knownAfter) return this.#inFlight > 0 && stuckMs > 0 ? stuckMs : -1
    return Math.max(this.#latencyMs * this.#weight(now), stuckMs)
  }

  /** Fraction of its regular share that the replica should get, in (0, 1]. */
  get weight(): number {
    if (this.#warmAt === 0) return 1
    const left = this.#warmAt - this.#clock.monotonic()
    if (left > 0) return Math.max(coldWeight, 1 - left / warmUpMs)
    this.#warmAt = 0
    return 1
  }

  /** Milliseconds without activity of the replica since `began`; 0 when there was some after `began`. */
  stuckMs(began: number): number {
    return this.#signAt > began ? 0 : this.#clock.monotonic() - began
  }

  /** A request starts. Pass the returned time to `answered`, `late` or `abandoned`. */
  began(): number {
    const now = this.#clock.monotonic()
    if (this.#inFlight++ === 0) this.#signAt = now
    return now
  }

  /** The request was answered: adds its latency to the average, and returns it. */
  answered(began: number): number {
    const now = this.#clock.monotonic()
    const sample = now - began
    this.#served++
    const count = Math.min(++this.#answers, averaged)
    const weight = Math.min(this.#weight(now), 1 - 1 / count)
    this.#latencyMs = this.#latencyMs < 0 ? sample : this.#latencyMs * weight + sample * (1 - weight)
    this.#sampledAt = now
    this.#signAt = now
    this.#ended()
    return sample
  }

  /** The replica sent an item of a stream. */
  heard(): void {
    this.#signAt = this.#clock.monotonic()
  }

  /** A stream succeeded. Its duration does not count as latency. */
  streamed(): void {
    this.#served++
    this.#ended()
  }

  /** The request failed. Its duration does not count as latency, or a replica that fails fast would look like the best one. */
  failed(): void {
    this.#failures++
    this.#ended()
  }

  /** The request timed out: its latency is at least the time since `began`. */
  late(began: number): void {
    this.#failures++
    this.abandoned(began)
  }

  /** The request was cancelled: its latency is at least the time since `began`. */
  abandoned(began: number): void {
    const now = this.#clock.monotonic()
    const atLeast = now - began
    if (atLeast > this.#latencyMs * this.#weight(now)) {
      this.#latencyMs = atLeast
      this.#answers = Math.max(this.#answers, knownAfter)
      this.#sampledAt = now
    }
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
