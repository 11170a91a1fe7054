import { setImmediate as turn } from 'node:timers/promises'
import { requireWanted } from './question.js'

/** Work after which sockets are looked at. */
const longestMs = 8

/** Gives other work its turn during long work. */
export class Turns {
  readonly #signal: AbortSignal
  #since = performance.now()

  constructor(signal: AbortSignal) {
    this.#signal = signal
  }

  /** Something to wait for when others have waited long enough. Rejects with CANCELLED when nobody wants the result. */
  due(): Promise<void> | undefined {
    return performance.now() - this.#since < longestMs ? undefined : this.#pass()
  }

  async #pass(): Promise<void> {
    await turn()
    requireWanted(this.#signal)
    this.#since = performance.now()
  }
}
