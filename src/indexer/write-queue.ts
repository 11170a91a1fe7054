import { MillraceError } from '../errors.js'
import { type Clock, systemClock } from '../lib/clock.js'
import { deferred, type Deferred } from '../lib/deferred.js'

/** A write that is queued or under way. */
export interface Pending<W> {
  readonly write: W
  readonly done: Deferred<unknown>
}

/** Performs writes in order and settles each. A rejection settles those that are still open. */
export type Perform<W> = (group: readonly Pending<W>[]) => Promise<void>

/** Longest time for which a group waits for more writes. */
const longestWaitMs = 50

/** Unlike that of the system, its timers keep the process alive, because a write waits for them. */
const clockOfWrites: Clock = {
  ...systemClock,
  after(ms, wake) {
    const timer = setTimeout(wake, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * Performs one group of writes at a time: writes that arrive meanwhile become the next group. So a write waits for two groups
 * at most, and many small writes share a commit.
 *
 * The next group begins when it has as many writes as the last one, or after the time that the last one took, at most 50 ms. So
 * clients that each send their next write when the last one is answered all share a commit, and a stream of writes needs half
 * as many commits, while a client that is alone waits once, after others have stopped.
 */
export class WriteQueue<W> {
  readonly #perform: Perform<W>
  #waiting: Pending<W>[] = []
  #running: Promise<void> | undefined
  #closed = false
  readonly #clock: Clock
  /** The next group waits for this number of writes. */
  #wanted = 0
  /** Begins the next group; undefined while none waits. */
  #begin: (() => void) | undefined

  constructor(perform: Perform<W>, clock: Clock = clockOfWrites) {
    this.#perform = perform
    this.#clock = clock
  }

  /** Resolves with the result of this write, after it is committed. */
  submit(write: W): Promise<unknown> {
    if (this.#closed) {
      return Promise.reject(
        new MillraceError('UNAVAILABLE', 'The index is closed; this write was not started.', {
          notRun: true,
        }),
      )
    }
    const done = deferred<unknown>()
    this.#waiting.push({ write, done })
    this.#running ??= this.#run()
    if (this.#waiting.length >= this.#wanted) this.#begin?.()
    return done.promise
  }

  /** Resolves once everything submitted is done. */
  async close(): Promise<void> {
    this.#closed = true
    this.#begin?.()
    await this.#running
  }

  async #run(): Promise<void> {
    // requests decoded in this turn of the event loop join the group
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      const began = this.#clock.monotonic()
      try {
        await this.#perform(group)
      } catch (error) {
        for (const { done } of group) done.reject(error)
      }
      await this.#gather(group.length, this.#clock.monotonic() - began)
    }
    this.#running = undefined
  }

  /** Resolves when `wanted` writes are waiting, or after `ms`. */
  async #gather(wanted: number, ms: number): Promise<void> {
    if (this.#closed || this.#waiting.length >= wanted) return
    this.#wanted = wanted
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(Math.min(ms, longestWaitMs), resolve)
      this.#begin = () => {
        cancel()
        resolve()
      }
    })
    this.#begin = undefined
  }
}
