import { type Deferred, deferred } from '../lib/deferred.js'
import type { Clock } from '../lib/clock.js'

export interface LoadOptions {
  readonly clock: Clock
  /** Time constant in milliseconds: a latency counts for at most 1/e after this long. Default 10,000. */
  readonly decayMs?: number
  /** It joins replicas that are busy already, so its share grows over `warmUpMs`. Default false. */
  readonly warmsUp?: boolean
}

/** How long a replica that joins others gets less than its share: caches and compiled code come with use. */
const warmUpMs = 3000

/** The share it begins with. */
const coldWeight = 0.1

/** The first answers of a replica are slow, as nothing is compiled and cached: they say little of it. */
const knownAfter = 5
/** How many answers the average is of, at most: one that is slow counts for a thirtieth, thirty for nearly all. */
const averaged = 30

/**
 * How loaded one replica is, as far as this gateway knows: its own requests in flight, and their latency as a moving average
 * over answers and over time: `w = min(e^(-Δt / decay), 1 - 1/n)`, `avg = avg·w + sample·(1 - w)`, with `n` answers so far, 30
 * at most. Not known before the fifth answer.
 *
 * Between samples it falls towards zero as `e^(-Δt / decay)`, so that a replica that was slow is tried again. While it
 * answers nothing of what it has, its latency is at least the time since its last sign of life: one that is stuck must not
 * look better from second to second.
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
  /** When it last answered, or took the first of what it has. */
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

  /** Requests that failed, but for those whose caller left. */
  get failures(): number {
    return this.#failures
  }

  /** Milliseconds, of however few answers; null before the first. For people: it stays what it was while nothing is asked. */
  get averageMs(): number | null {
    return this.#latencyMs < 0 ? null : this.#latencyMs
  }

  /** Milliseconds to compare it by; -1 while too little is known. */
  get latencyMs(): number {
    const now = this.#clock.monotonic()
    const stuckMs = this.#inFlight === 0 ? 0 : now - this.#signAt
    if (this.#answers < knownAfter) return this.#inFlight > 0 && stuckMs > 0 ? stuckMs : -1
    return Math.max(this.#latencyMs * this.#weight(now), stuckMs)
  }

  /** In (0, 1]: what part of its share it should get. */
  get weight(): number {
    if (this.#warmAt === 0) return 1
    const left = this.#warmAt - this.#clock.monotonic()
    if (left > 0) return Math.max(coldWeight, 1 - left / warmUpMs)
    this.#warmAt = 0
    return 1
  }

  /** Of a request that went out at `began`: milliseconds that it waited while nobody was answered; 0 when somebody was. */
  stuckMs(began: number): number {
    return this.#signAt > began ? 0 : this.#clock.monotonic() - began
  }

  /** A request goes out; hand the result to what ends it. */
  began(): number {
    const now = this.#clock.monotonic()
    if (this.#inFlight++ === 0) this.#signAt = now
    return now
  }

  /** It was answered: its time counts. Gives that time. */
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

  /** It gave a part of its answer. */
  heard(): void {
    this.#signAt = this.#clock.monotonic()
  }

  /** A stream has ended well: how long it lasted says nothing about how fast the replica answers. */
  streamed(): void {
    this.#served++
    this.#ended()
  }

  /** It came to nothing: its time does not count, or a replica that fails fast would look like the best one. */
  failed(): void {
    this.#failures++
    this.#ended()
  }

  /** It took too long: it would have taken at least this long. */
  late(began: number): void {
    this.#failures++
    this.abandoned(began)
  }

  /** Its caller left before the answer: it would have taken at least this long. */
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
