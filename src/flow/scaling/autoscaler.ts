import type { Clock } from '../../lib/clock.js'
import type { Autoscale } from '../../plan/resilience.js'

/** Relative deviation from the target that causes no change, as in Kubernetes. */
const tolerance = 0.1

/** Load of a stage at one poll. */
export interface Observation {
  /** Requests, in flight and waiting. */
  readonly load: number
  readonly replicas: number
}

/** A recommendation that has held since `sinceMs`. */
interface Recommendation {
  readonly sinceMs: number
  /** The most cautious count since then: the lowest when scaling up, the highest when scaling down. */
  readonly count: number
}

/**
 * Computes how many replicas a stage should have: `ceil(load / target)`, between `min` and `max`.
 *
 * 1. Scales up only when every observation for `upDelayMs` asked for more; then to the lowest count asked for.
 * 2. Scales down only when every observation for `downDelayMs` asked for fewer; then to the highest count asked for.
 * 3. Without replicas and with waiting requests it scales up at once.
 */
export class Autoscaler {
  readonly #options: Autoscale
  readonly #clock: Clock
  #more: Recommendation | null = null
  #fewer: Recommendation | null = null

  constructor(options: Autoscale, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /** Call at every poll. Returns the number to scale to, or null for no change. */
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

  #last(
    held: Recommendation | null,
    count: number,
    least: (one: number, other: number) => number,
  ): Recommendation {
    if (held === null) return { sinceMs: this.#clock.monotonic(), count }
    return { ...held, count: least(held.count, count) }
  }

  #due(held: Recommendation | null, delayMs: number): number | null {
    return held !== null && this.#clock.monotonic() - held.sinceMs >= delayMs ? held.count : null
  }
}
