import type { Clock } from '../../src/lib/clock.js'

/** Work that takes time and can be stopped and continued. Starts stopped. */
export class Work {
  readonly #clock: Clock
  readonly #done: () => void
  #leftMs: number
  #resumedAt = 0
  #cancel: (() => void) | undefined

  /** `ms` may be infinite. */
  constructor(clock: Clock, ms: number, done: () => void) {
    this.#clock = clock
    this.#leftMs = ms
    this.#done = done
  }

  resume(): void {
    if (this.#cancel !== undefined) return
    this.#resumedAt = this.#clock.monotonic()
    this.#cancel = Number.isFinite(this.#leftMs) ? this.#clock.after(this.#leftMs, this.#done) : () => {}
  }

  pause(): void {
    if (this.#cancel === undefined) return
    this.#cancel()
    this.#cancel = undefined
    this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.monotonic() - this.#resumedAt))
  }
}
