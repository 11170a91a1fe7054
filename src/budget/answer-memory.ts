import type { Holding } from './budget.js'
import { noRoomForAnswer } from './refusals.js'

/**
 * The bytes of answers that the gateway holds while their request goes on: the answer of one stage until the next has
 * answered, and the answers of shards until they are merged. Reserves nothing once it is closed.
 */
export class AnswerMemory {
  readonly #holding: Holding
  #bytes = 0
  #isClosed = false

  constructor(holding: Holding) {
    this.#holding = holding
  }

  /** Reserves the bytes of an answer. Throws RESOURCE_EXHAUSTED when they do not fit: the request was executed. */
  add(bytes: number): void {
    if (this.#isClosed) return
    if (!this.#holding.reserve(bytes)) throw noRoomForAnswer(bytes, this.#holding)
    this.#bytes += bytes
  }

  /** Reserves the bytes of an answer, then releases those of the earlier ones. Throws as `add` does. */
  replace(bytes: number): void {
    const before = this.#bytes
    this.add(bytes)
    this.#bytes -= before
    this.#holding.release(before)
  }

  /** Releases some of the reserved bytes. */
  release(bytes: number): void {
    if (this.#isClosed) return
    this.#bytes -= bytes
    this.#holding.release(bytes)
  }

  /** Releases everything. Idempotent. */
  close(): void {
    this.#isClosed = true
    this.#holding.release(this.#bytes)
    this.#bytes = 0
  }
}
