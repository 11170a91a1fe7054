import { setImmediate as turn } from 'node:timers/promises'
import { requireWanted } from './question.js'

/** How long work may run before it yields to the event loop, in milliseconds. */
const longestMs = 8

/** Lets long work yield to the event loop. */
export class Turns {
  readonly #signal: AbortSignal
  #since = performance.now()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** A promise to await when it is time to yield, else undefined. Rejects with CANCELLED when the result is unwanted. */
  due(): Promise<void> | undefined {
    return performance.now() - this.#since < longestMs ? undefined : this.#pass()
  }

  async #pass(): Promise<void> {
    await turn()
    requireWanted(this.#signal)
    this.#since = performance.now()
  }
}
