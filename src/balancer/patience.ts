import type { Clock } from '../lib/clock.js'
import type { Outlook } from './waiting-room.js'

export interface PatienceOptions {
  readonly clock: Clock
  /** Milliseconds that requests wait for a replica, from when there was one last. */
  readonly ms: number
  expect(outlook: Outlook): void
}

/**
 * Of a stage whose replicas come and go by somebody else's word: without any, requests wait, for one may be on its way. When
 * there was none for `ms` they are refused, until there is one.
 */
export class Patience {
  readonly #options: PatienceOptions
  #cancel: (() => void) | undefined
  #isUsable = true

  /** There is no replica yet. */
  constructor(options: PatienceOptions) {
    this.#options = options
    options.expect({ expecting: true, why: '' })
    this.settle(false)
  }

  /** Whether there is a replica that may be picked, whenever that may have changed. */
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
