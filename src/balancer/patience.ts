import type { Clock } from '../lib/clock.js'
import type { Expectation } from './waiting-room.js'

export interface PatienceOptions {
  readonly clock: Clock
  /** Milliseconds without a replica after which requests are refused. */
  readonly ms: number
  expect(expectation: Expectation): void
}

/**
 * For a stage whose replicas are found by discovery. Without a replica requests wait, since one may appear; after `ms` they are
 * refused until there is one.
 */
export class Patience {
  readonly #options: PatienceOptions
  #cancel: (() => void) | undefined
  #isUsable = true

  /** Starts without a replica. */
  constructor(options: PatienceOptions) {
    this.#options = options
    options.expect({ expecting: true, why: '' })
    this.settle(false)
  }

  /** Call it whenever the set of usable replicas changes. */
  settle(isUsable: boolean): void {
    if (isUsable === this.#isUsable) return
    const { clock, ms, expect } = this.#options
    this.#isUsable = isUsable
    this.close()
    if (isUsable) return expect({ expecting: true, why: '' })
    const why = `it has had no replica for ${ms / 1000} s`
    this.#cancel = clock.after(ms, () => expect({ expecting: false, why }))
  }

  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
