import type { Clock } from '../../lib/clock.js'
import type { Autoscale } from '../../plan/resilience.js'

/** Share of the target that the load may be off before anything changes, as in Kubernetes. */
const tolerance = 0.1

export interface Observation {
  /** Requests in flight and waiting. */
  readonly load: number
  readonly replicas: number
}

/** A wish that has lasted: since when, and the smallest of it. */
interface Wish {
  readonly sinceMs: number
  /** Of more replicas the fewest that were wanted, of fewer the most. */
  readonly count: number
}

/**
 * How many replicas a stage should have: `ceil(load / target)` between `min` and `max`.
 *
 * 1. More come only when more were wanted at every look for `upDelayMs`; then as many as were wanted at least.
 * 2. Fewer come only when fewer were wanted at every look for `downDelayMs`; then as many as were wanted at most.
 * 3. Where there is none and something waits, one comes at once.
 */
export class Autoscaler {
  readonly #options: Autoscale
  readonly #clock: Clock
  #more: Wish | null = null
  #fewer: Wish | null = null

  constructor(options: Autoscale, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** To be called at each look. The number to scale to, or null for no change. */
  observe({ load, replicas }: Observation): number | null {
    if (replicas === 0 && load > 0) return Math.max(1, this.#options.min)
    const { upDelayMs, downDelayMs } = this.#options
    const wanted = this.#wanted(load, replicas)
    this.#more = wanted > replicas ? this.#last(this.#more, wanted, Math.min) : null
    this.#fewer = wanted < replicas ? this.#last(this.#fewer, wanted, Math.max) : null
    const due = this.#due(this.#more, upDelayMs) ?? this.#due(this.#fewer, downDelayMs)
    if (due === null) return null
    this.#more = null
    this.#fewer = null
    return due
  }

  #wanted(load: number, replicas: number): number {
    const { min, max, target } = this.#options
    const isClose = replicas > 0 && Math.abs(load / (replicas * target) - 1) <= tolerance
    return Math.min(max, Math.max(min, isClose ? replicas : Math.ceil(load / target)))
  }

  #last(wish: Wish | null, count: number, least: (one: number, other: number) => number): Wish {
    if (wish === null) return { sinceMs: this.#clock.monotonic(), count }
    return { ...wish, count: least(wish.count, count) }
  }

  #due(wish: Wish | null, delayMs: number): number | null {
    return wish !== null && this.#clock.monotonic() - wish.sinceMs >= delayMs ? wish.count : null
  }
}
