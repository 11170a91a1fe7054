import { type Deferred, deferred } from './deferred.js'

/** Lets so many go on at once, the others in the order in which they came. */
export class Semaphore {
  readonly #waiting: Deferred[] = []
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Resolves when it is the caller's turn; who took one gives it back. */
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
