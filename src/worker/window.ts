import { performance } from 'node:perf_hooks'

export interface WindowOptions {
  /** Tasks that may run at the same time; null is no limit. */
  readonly limit: number | null
  /** Milliseconds for which the event loop was not idle so far; default: as Node measures it. */
  readonly busyMs?: () => number
}

/** Before the first task has ended: one runs, and one more hides the way to the gateway and back. */
const firstSize = 2

/** A window of two for tasks that take so long; of four times as many for tasks that take half as long, and so on. */
const shortMs = 0.5

/** Tasks that take longer do not lose much when the next one is only sent for once they have ended: nothing waits here. */
const longMs = 5

const mostSize = 1000

/** A new sample counts for this much of the average. */
const newness = 0.25

/** A sample is of this many tasks, or of this many milliseconds beside the longest of them. */
const sampleOf = 16
const sampleMs = 5

/**
 * How many requests may wait in a replica, or hold it, at a time: those that wait here cannot be overtaken, so a client with a
 * thousand of them would delay everybody by a thousand.
 *
 * The size is 1 + (0.5 ms ÷ what one takes)², at least 2 for tasks under 5 ms, else 1. Tasks under a tenth of a millisecond
 * cost the gateway more than the replica: they wait there anyhow, and large batches cost both less. What one takes is time of
 * the event loop, whatever it is spent on (decoding, a handler before and after it waits, garbage), or, at a limit, the time
 * until one of the running ends. A handler that waits takes nothing of the loop meanwhile.
 *
 * Of 16 tasks the longest does not count: on a busy machine one in a hundred short ones is held up for milliseconds.
 */
export class Window {
  readonly #limit: number | null
  readonly #busyMs: () => number
  #loopMs = -1
  #limitMs = -1
  #size = firstSize
  /** Of the sample that is being taken: tasks, what they took together, and what the longest did. */
  #ended = 0
  #sumMs = 0
  #longestMs = 0
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
    if (alone) this.#busyAt = this.#busyMs()
  }

  /** A task that began `ms` ago has ended. */
  ended(ms: number): void {
    const busy = this.#busyMs()
    const took = busy - this.#busyAt
    this.#busyAt = busy
    this.#ended++
    this.#sumMs += took
    this.#longestMs = Math.max(this.#longestMs, took)
    if (this.#limit !== null) this.#limitMs = blend(this.#limitMs, ms / this.#limit)
    const restMs = this.#sumMs - this.#longestMs
    if (this.#loopMs < 0) this.#sampled(took)
    else if (this.#ended >= sampleOf || restMs >= sampleMs) this.#sampled(restMs / (this.#ended - 1))
    this.#size = sizeFor(Math.max(this.#loopMs, this.#limitMs))
  }

  #sampled(taskMs: number): void {
    this.#loopMs = blend(this.#loopMs, taskMs)
    this.#ended = 0
    this.#sumMs = 0
    this.#longestMs = 0
  }
}

function sizeFor(taskMs: number): number {
  if (taskMs >= longMs) return 1
  return Math.min(mostSize, 1 + Math.max(1, Math.floor((shortMs / taskMs) ** 2)))
}

function blend(average: number, sample: number): number {
  return average < 0 ? sample : average + (sample - average) * newness
}

function busyOfThisThread(): number {
  return performance.eventLoopUtilization().active
}
