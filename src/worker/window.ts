import { performance } from 'node:perf_hooks'

export interface WindowOptions {
  /** Tasks that may run at the same time; null is no limit. */
  readonly limit: number | null
  /** Milliseconds for which the event loop was not idle so far; default: as Node measures it. */
  readonly busyMs?: () => number
}

/** Before the first task has ended: one runs, and one more is queued to hide the round trip to the gateway. */
const firstSize = 2

/** Tasks of this duration get a window of two. Half the duration allows four times as many further tasks, and so on. */
const shortMs = 0.5

/** For longer tasks the round trip to the gateway costs little, so none is queued in the replica. */
const longMs = 5

/** Unless the replica is idle between tasks for more than this share of a task's duration, averaged over `gapsOf` gaps. */
const idleShare = 0.2
const gapsOf = 4

/** Then one task is queued in reserve for this many tasks, before the replica tries without a reserve again. */
const reserveFor = 32

const mostSize = 1000

/** A new sample counts for this much of the average. */
const newness = 0.25

/** A sample is of this many tasks, or of this many milliseconds beside the longest of them. */
const sampleOf = 16
const sampleMs = 5

/**
 * How many requests may be queued in a replica or hold its event loop at a time. The gateway's fair queue cannot reorder queued
 * requests, so a client with a thousand of them would delay everybody by a thousand.
 *
 * The size is 1 + (0.5 ms ÷ task time)², at least 2 for tasks under 5 ms, else 1. Tasks under a tenth of a millisecond cost the
 * gateway more than the replica: they wait in the gateway anyway, and large batches are cheaper for both. The task time is the
 * time on the event loop, whatever it is spent on (decoding, the synchronous parts of a handler, garbage collection), or, with
 * a concurrency limit, the time until one of the running tasks ends. A handler that awaits I/O uses no time of the loop.
 *
 * Long tasks get a window of two as well while the gateway has more requests waiting and the replica is idle for a fifth of the
 * time, because the round trip is long or the machine busy.
 *
 * The longest of each 16 tasks is ignored: on a busy machine one in a hundred short tasks is delayed by milliseconds. The first
 * task counts only until a sample is complete: it may take a hundred times as long as the next one, which finds everything
 * loaded and compiled.
 */
export class Window {
  readonly #limit: number | null
  readonly #busyMs: () => number
  #loopMs = -1
  /** `#loopMs` is the time of the first task alone. */
  #isFirst = true
  #limitMs = -1
  #size = firstSize
  /** The current sample: number of tasks, their total time, and the longest. */
  #ended = 0
  #sumMs = 0
  #longestMs = 0
  #busyAt = 0
  /** More requests are waiting for this replica, and it has no other task. */
  #wanted = false
  #emptyAt = -1
  #gaps = 0
  #idle = 0
  /** For how many further tasks one is kept in reserve. */
  #reserve = 0

  constructor({ limit, busyMs = busyOfThisThread }: WindowOptions) {
    this.#limit = limit
    this.#busyMs = busyMs
  }

  get size(): number {
    return this.#size
  }

  /** Average task time on the event loop in milliseconds; 0 below 1 ms. */
  get ageMs(): number {
    return this.#loopMs < 1 ? 0 : this.#loopMs
  }

  /** The gateway has more requests than it may send. */
  wanted(): void {
    this.#wanted = true
  }

  /** A task begins at `now` (milliseconds). When it is `alone`, earlier work of the event loop is not counted as its time. */
  began(alone: boolean, now: number): void {
    if (this.#reserve > 0) this.#reserve--
    if (!alone) return
    this.#busyAt = this.#busyMs()
    if (this.#wanted && this.#emptyAt >= 0) this.#waited(now - this.#emptyAt)
    this.#wanted = false
  }

  /** A task that began `ms` ago has ended; `empty` when no task is left. */
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
    else if (this.#ended >= sampleOf || restMs >= sampleMs) {
      if (this.#isFirst) this.#loopMs = -1
      this.#isFirst = false
      this.#sampled(restMs / (this.#ended - 1))
    }
    this.#size = this.#sizeFor(this.#taskMs)
  }

  get #taskMs(): number {
    return Math.max(this.#loopMs, this.#limitMs)
  }

  /** The replica was idle for `ms` while more requests were waiting for it. */
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
