import type { Clock } from '../lib/clock.js'
import { SlidingSum } from '../lib/sliding-sum.js'

/** When a replica is ejected, and for how long. */
export interface BreakerRules {
  /** Length of the sliding window, in milliseconds. */
  readonly windowMs: number
  /** With fewer requests in the window, the share of failures is not evaluated. */
  readonly minRequests: number
  /** Share of failures in the window at which a replica is ejected. */
  readonly failureShare: number
  /** Consecutive failures at which a replica is ejected, however many requests there were. */
  readonly inARow: number
  /** Milliseconds of the first ejection; each further one lasts twice as long. */
  readonly restMs: number
  /** Upper limit of an ejection, in milliseconds. */
  readonly longestRestMs: number
  /** Consecutive successes that end probing. */
  readonly proofs: number
  /** Milliseconds during which a probing replica is probed with reads only. */
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
  /** Called after the state has changed. */
  changed(): void
  readonly rules?: Partial<BreakerRules>
}

/** `closed`: the replica takes requests. `open`: it is ejected. `probing`: it gets trial requests after an ejection. */
export type BreakerState = 'closed' | 'open' | 'probing'

/**
 * Whether a replica answers well enough to get requests.
 *
 * ```
 * closed ── too many failures, and mayEject ──▶ open ── ejection time over ──▶ probing ── enough successes ──▶ closed
 *                                                ▲                                └── one failure ──┐
 *                                                └───────────── for twice as long ──────────────────┘
 * ```
 *
 * Counts exactly in a sliding window, because an average hides a burst of failures (linkerd's success-rate breaker). The
 * number of ejections is reset after a window without failures.
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

  /**
   * Whether the replica is probing and should not get writes yet. After `readsOnlyMs` writes probe it too, since there may be
   * no reads.
   */
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

  /** Cancels its timer. */
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
