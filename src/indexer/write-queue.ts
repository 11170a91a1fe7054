import { MillraceError } from '../errors.js'
import { deferred, type Deferred } from '../lib/deferred.js'

/** Something that waits to be written. */
export interface Pending<W> {
  readonly write: W
  readonly done: Deferred<unknown>
}

/** Does some writes in order and settles each. A rejection settles those that are still open. */
export type Perform<W> = (group: readonly Pending<W>[]) => Promise<void>

/**
 * Writes one group after the other: while a group is written, what arrives becomes the next one. So a write waits for one
 * group at most, and many small writes share one commit.
 */
export class WriteQueue<W> {
  readonly #perform: Perform<W>
  #waiting: Pending<W>[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(perform: Perform<W>) {
    this.#perform = perform
  }

  /** Resolves with what `perform` said of this write, after it is committed. */
  submit(write: W): Promise<unknown> {
    if (this.#closed) {
      return Promise.reject(
        new MillraceError('UNAVAILABLE', 'The index is closed; this write did not begin.', { notRun: true }),
      )
    }
    const done = deferred<unknown>()
    this.#waiting.push({ write, done })
    this.#running ??= this.#run()
    return done.promise
  }

  /** Resolves once everything that was submitted is done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    // requests that were decoded in this turn of the event loop come along
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
