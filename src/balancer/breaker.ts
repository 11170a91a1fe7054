import type { Clock } from '../lib/clock.js'
import { SlidingSum } from '../lib/sliding-sum.js'

/** When a replica is ejected, and for how long. */
export interface BreakerRules {
  /** Milliseconds that are looked back. */
  readonly windowMs: number
  /** With fewer requests in the window their share of failures says nothing. */
  readonly minRequests: number
  /** Share of failures in the window that ejects. */
  readonly failureShare: number
  /** Failures in a row that eject, however many requests there were. */
  readonly inARow: number
  /** Milliseconds of the first rest; it doubles with each further ejection. */
  readonly restMs: number
  readonly longestRestMs: number
  /** Successes in a row that end the probing. */
  readonly proofs: number
  /** Milliseconds that the probing is left to reads. */
  readonly readsOnlyMs: number
}

const defaultRules: BreakerRules = {
  windowMs: 10_000,
  minRequests: 10,
  failureShare: 0.5,
  inARow: 5,
  restMs: 1000,
  longestRestMs: 30_000,
  proofs: 3,
  readsOnlyMs: 1000,
}

export interface BreakerOptions {
  readonly clock: Clock
  /** Whether one more replica may be ejected now. */
  mayEject(): boolean
  /** `state` is another one. */
  changed(): void
  readonly rules?: Partial<BreakerRules>
}

export type BreakerState = 'closed' | 'open' | 'probing'

/**
 * Whether a replica answers well enough to get requests.
 *
 * ```
 * closed ── failures over the bar, and mayEject ──▶ open ── rest is over ──▶ probing ── proofs ──▶ closed
 *                                                    ▲                          └── one failure ──┐
 *                                                    └────────── twice as long ──────────────────┘
 * ```
 *
 * Exact counts in a window, because an average hides a burst of failures (linkerd's success-rate breaker). The count of
 * ejections is forgotten after a window without failures.
 */
export class Breaker {
  readonly #clock: Clock
  readonly #rules: BreakerRules
  readonly #options: BreakerOptions
  readonly #requests: SlidingSum
  readonly #failures: SlidingSum
  #state: BreakerState = 'closed'
  #failuresInARow = 0
  #proofs = 0
  #ejections = 0
  #probingAt = 0
  #cancel: () => void = () => {}

  constructor(options: BreakerOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#rules = { ...defaultRules, ...options.rules }
    this.#requests = new SlidingSum(this.#clock, this.#rules.windowMs)
    this.#failures = new SlidingSum(this.#clock, this.#rules.windowMs)
  }

  get state(): BreakerState {
    return this.#state
  }

  /** Whether it is probing, and no write should be risked yet. Where there are no reads, writes must prove that it answers. */
  get isForReads(): boolean {
    return this.#state === 'probing' && this.#clock.monotonic() - this.#probingAt < this.#rules.readsOnlyMs
  }

  answered(): void {
    this.#requests.add(1)
    this.#failuresInARow = 0
    if (this.#state === 'probing' && ++this.#proofs >= this.#rules.proofs) this.#become('closed')
    else if (this.#ejections > 0 && this.#state === 'closed' && this.#failures.sum() === 0)
      this.#ejections = 0
  }

  failed(): void {
    this.#requests.add(1)
    this.#failures.add(1)
    this.#failuresInARow++
    if (this.#state === 'probing') this.#eject()
    else if (this.#state === 'closed' && this.#isBad() && this.#options.mayEject()) this.#eject()
  }

  /** Forgets its timer. */
  close(): void {
    this.#cancel()
  }

  #isBad(): boolean {
    const { minRequests, failureShare, inARow } = this.#rules
    if (this.#failuresInARow >= inARow) return true
    const requests = this.#requests.sum()
    return requests >= minRequests && this.#failures.sum() >= requests * failureShare
  }

  #eject(): void {
    const { restMs, longestRestMs } = this.#rules
    const rest = Math.min(restMs * 2 ** this.#ejections++, longestRestMs)
    this.#requests.clear()
    this.#failures.clear()
    this.#failuresInARow = 0
    this.#cancel = this.#clock.after(rest, () => this.#become('probing'))
    this.#become('open')
  }

  #become(state: BreakerState): void {
    this.#state = state
    this.#proofs = 0
    if (state === 'probing') this.#probingAt = this.#clock.monotonic()
    this.#options.changed()
  }
}
