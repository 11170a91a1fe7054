import type { Clock } from '../../lib/clock.js'

/**
 * Deadlines of many calls on one timer. A timer for each call costs more than the rest of a small call; nearly all calls
 * are answered long before their deadline, so one timer for the nearest one, looked at again when it fires, is enough.
 */
export class Expiry {
  readonly #clock: Clock
  readonly #sweep: (now: number) => number
  #wakeAt = Number.POSITIVE_INFINITY
  #cancel: () => void = () => {}

  /** `sweep(now)` ends what is due and gives the nearest deadline left, Infinity for none. */
  constructor(clock: Clock, sweep: (now: number) => number) {
    this.#clock = clock
    this.#sweep = sweep
  }

  now(): number {
    return this.#clock.now()
  }

  watch(deadline: number): void {
    if (deadline < this.#wakeAt) this.#wake(deadline)
  }

  close(): void {
    this.#cancel()
    this.#wakeAt = Number.POSITIVE_INFINITY
  }

  #wake(at: number): void {
    this.#cancel()
    this.#wakeAt = at
    if (at === Number.POSITIVE_INFINITY) return
    // at least 1 ms: a timer may fire a little before the wall clock gets there
    this.#cancel = this.#clock.after(Math.max(1, Math.ceil(at - this.#clock.now())), () => {
      this.#wake(this.#sweep(this.#clock.now()))
    })
  }
}
