import { type Deferred, deferred } from './deferred.js'

/** Allows `atOnce` holders at the same time; further callers wait in order of arrival. */
export class Semaphore {
  readonly #waiting: Deferred[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Resolves when it is the caller's turn. The caller must call `release` afterwards. */
  acquire(): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    const turn = deferred()
    this.#waiting.push(turn)
    return turn.promise
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next.resolve()
  }
}
