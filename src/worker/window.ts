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

/** Unless the replica is idle meanwhile for this much of what a task takes, on average of so many tasks. */
const idleShare = 0.2
const gapsOf = 4

/** For so many tasks there is one in reserve then, before it is tried without again. */
const reserveFor = 32

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
 * While the gateway has others waiting and a replica that could have them is idle for a fifth of the time, since the way is
 * long or the machine busy, long tasks get a window of two as well.
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
  /** More requests wait for this replica, of which it has no other. */
  #wanted = false
  #emptyAt = -1
  #gaps = 0
  #idle = 0
  /** Tasks for which there is one more in reserve. */
  #reserve = 0

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

  /** The gateway has more requests than it may send. */
  wanted(): void {
    this.#wanted = true
  }

  /** A task begins; `alone` when there is no other: what the loop did before is not its doing. Milliseconds. */
  began(alone: boolean, now: number): void {
    if (this.#reserve > 0) this.#reserve--
    if (!alone) return
    this.#busyAt = this.#busyMs()
    if (this.#wanted && this.#emptyAt >= 0) this.#waited(now - this.#emptyAt)
    this.#wanted = false
  }

  /** A task that began `ms` ago has ended, the last one that was here when `empty`. */
  ended(ms: number, now: number, empty: boolean): void {
    this.#emptyAt = empty ? now : -1
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
    this.#size = this.#sizeFor(this.#taskMs)
  }

  get #taskMs(): number {
    return Math.max(this.#loopMs, this.#limitMs)
  }

  /** The replica had nothing to do for so long, although more waited for it. */
  #waited(ms: number): void {
    this.#idle += Math.min(1, ms / this.#taskMs)
    if (++this.#gaps < gapsOf) return
    if (this.#idle > idleShare * gapsOf) this.#reserve = reserveFor
    this.#gaps = 0
    this.#idle = 0
  }

  #sizeFor(taskMs: number): number {
    const several = this.#limit !== null && this.#limit > 1 // one of several ends soon
    if (taskMs >= longMs) return several || this.#reserve > 0 ? 2 : 1
    return Math.min(mostSize, 1 + Math.max(1, Math.floor((shortMs / taskMs) ** 2)))
  }

  #sampled(taskMs: number): void {
    this.#loopMs = blend(this.#loopMs, taskMs)
    this.#ended = 0
    this.#sumMs = 0
    this.#longestMs = 0
  }
}

function blend(average: number, sample: number): number {
  return average < 0 ? sample : average + (sample - average) * newness
}

function busyOfThisThread(): number {
  return performance.eventLoopUtilization().active
}
