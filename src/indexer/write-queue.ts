import { MillraceError } from '../errors.js'
import { deferred, type Deferred } from '../lib/deferred.js'

/** A write that is queued or under way. */
export interface Pending<W> {
  readonly write: W
  readonly done: Deferred<unknown>
}

/** Performs writes in order and settles each. A rejection settles those that are still open. */
export type Perform<W> = (group: readonly Pending<W>[]) => Promise<void>

/**
 * Performs one group of writes at a time: writes that arrive meanwhile become the next group. So a write waits for one group
 * at most, and many small writes share a commit.
 */
export class WriteQueue<W> {
  readonly #perform: Perform<W>
  #waiting: Pending<W>[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(perform: Perform<W>) {
    this.#perform = perform
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
    return done.promise
  }

  /** Resolves once everything submitted is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // requests decoded in this turn of the event loop join the group
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      try {
        await this.#perform(group)
      } catch (error) {
        for (const { done } of group) done.reject(error)
      }
    }
    this.#running = undefined
  }
}
