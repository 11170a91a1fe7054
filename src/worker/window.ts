import { performance } from 'node:perf_hooks'

export interface WindowOptions {
  /** Tasks that may run at the same time; null is no limit. */
  readonly limit: number | null
  /** Milliseconds for which the event loop was not idle so far; default: as Node measures it. */
  readonly busyMs?: () => number
}

/** Before the first task has ended: one runs, and one more hides the way to the gateway and back. */
const firstSize = 2

/** Work that may wait in a replica so that it never runs dry: more than the way to the gateway and back takes. */
const reserveMs = 1

/** Tasks that take longer do not lose much when the next one is only sent for once they have ended: nothing waits here. */
const longMs = 5

/** A new sample counts for this much of the average. */
const newness = 0.25

/** Tasks, and milliseconds, after which the average is renewed, whichever comes first. */
const sampleOf = 16
const sampleMs = 5

/**
 * How many requests may wait in a replica, or hold it, at a time: those that wait here cannot be overtaken, so a client with a
 * thousand of them would delay everybody by a thousand.
 *
 * The size is 1 + (1 ms ÷ what one takes), at least 2 for tasks under 5 ms, else 1. What one takes is time of the event
 * loop, whatever it is spent on (decoding, a handler before and after it waits, garbage), or, at a limit, the time until one
 * of the running ends. A handler that waits takes nothing of the loop meanwhile.
 */
export class Window {
  readonly #limit: number | null
  readonly #busyMs: () => number
  #loopMs = -1
  #limitMs = -1
  #size = firstSize
  #ended = 0
  #sampledAt = Number.NEGATIVE_INFINITY
  #busyAt = 0

  constructor({ limit, busyMs = busyOfThisThread }: WindowOptions) {
    this.#limit = limit
    this.#busyMs = busyMs
  }

  get size(): number {
    return this.#size
  }

  /** Milliseconds of the event loop that one takes; 0 for what takes less than 1 ms. */
  get ageMs(): number {
    return this.#loopMs < 1 ? 0 : this.#loopMs
  }

  /** A task begins; `alone` when there is no other: what the loop did before is not its doing. */
  began(alone: boolean): void {
    if (!alone) return
    this.#busyAt = this.#busyMs()
    this.#ended = 0
  }

  /** A task that began at `began` has ended now; milliseconds of the same clock. */
  ended(began: number, now: number): void {
    this.#ended++
    if (this.#limit !== null) this.#limitMs = blend(this.#limitMs, (now - began) / this.#limit)
    if (this.#ended < sampleOf && now - this.#sampledAt < sampleMs) return
    const busy = this.#busyMs()
    this.#loopMs = blend(this.#loopMs, (busy - this.#busyAt) / this.#ended)
    this.#busyAt = busy
    this.#ended = 0
    this.#sampledAt = now
    this.#size = sizeFor(Math.max(this.#loopMs, this.#limitMs))
  }
}

function sizeFor(taskMs: number): number {
  if (taskMs >= longMs) return 1
  return 1 + Math.max(1, Math.floor(reserveMs / taskMs))
}

function blend(average: number, sample: number): number {
  return average < 0 ? sample : average + (sample - average) * newness
}

function busyOfThisThread(): number {
  return performance.eventLoopUtilization().active
}
