import { deferred } from './deferred.js'

/** Tells those who wait that something has changed. */
export class Changes {
  #next = deferred()

  /** Resolves at the next `note()`; never rejects. */
  next(): Promise<void> {
    return this.#next.promise
  }

  note(): void {
    const { resolve } = this.#next
    this.#next = deferred()
    resolve()
  }
}
