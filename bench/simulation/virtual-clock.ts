import type { Clock } from '../../src/lib/clock.js'
import { Agenda } from './agenda.js'

/**
 * A clock that jumps from one event to the next.
 *
 * 1. One event at a time, and time stands still until all its consequences have happened: each event is a macrotask of
 *    its own, and Node empties the microtask queue before the next one. Counting promise turns would be faster, but wrong
 *    as soon as an `await` is added.
 * 2. Events of the same time happen in the order in which they were scheduled, so a run repeats exactly.
 */
export class VirtualClock implements Clock {
  readonly #agenda = new Agenda()
  #now = 0

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const entry = this.#agenda.put(this.#now + Math.max(0, ms), wake)
    return () => {
      entry.wake = undefined
    }
  }

  /** Advances time until `isDone`. Rejects at `latestMs`, or when no event is left, so that no run is endless. */
  run(isDone: () => boolean, latestMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        if (isDone()) return resolve()
        const next = this.#agenda.take()
        if (next === undefined) return reject(new Error(`Nothing happens any more after ${this.#now} ms.`))
        if (next.at > latestMs) return reject(new Error(`It is not over after ${latestMs} ms.`))
        this.#now = next.at
        try {
          next.wake()
        } catch (error) {
          return reject(error)
        }
        setImmediate(step)
      }
      setImmediate(step)
    })
  }
}
