import type { DataRequest } from '../wire/data-request.js'

/** Answers of one stream in the order of its requests, whose keys are unique. */
export class InOrder<Key> {
  /** In order of sending, with the answers that wait for their turn. */
  readonly #waiting = new Map<Key, DataRequest | undefined>()
  readonly #give: (answer: DataRequest) => void

  constructor(give: (answer: DataRequest) => void) {
    this.#give = give
  }

  sent(key: Key): void {
    this.#waiting.set(key, undefined)
  }

  answered(key: Key, answer: DataRequest): void {
    this.#waiting.set(key, answer)
    for (const [first, waiting] of this.#waiting) {
      if (waiting === undefined) return
      this.#waiting.delete(first)
      this.#give(waiting)
    }
  }
}
