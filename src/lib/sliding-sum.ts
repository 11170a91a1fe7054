import type { Clock } from './clock.js'

/**
 * An exact sum over the last `windowMs`, kept in `buckets` slices of time: values older than the window are dropped one
 * slice at a time. Unlike a moving average it does not let a calm period hide a burst of failures after it.
 */
export class SlidingSum {
  readonly #clock: Clock
  readonly #sliceMs: number
  readonly #slices: Float64Array
  /** Index of the newest slice, counted since the clock began. */
  #newest: number
  #sum = 0

  constructor(clock: Clock, windowMs: number, buckets = 10) {
    this.#clock = clock
    this.#sliceMs = windowMs / buckets
    this.#slices = new Float64Array(buckets)
    this.#newest = this.#sliceNow()
  }

  add(amount: number): void {
    this.#advance()
    this.#slices[this.#newest % this.#slices.length]! += amount
    this.#sum += amount
  }

  sum(): number {
    this.#advance()
    return this.#sum
  }

  clear(): void {
    this.#slices.fill(0)
    this.#sum = 0
  }

  #advance(): void {
    const now = this.#sliceNow()
    if (now === this.#newest) return
    const { length } = this.#slices
    if (now - this.#newest >= length) this.clear()
    else {
      for (let slice = this.#newest + 1; slice <= now; slice++) {
        this.#sum -= this.#slices[slice % length]!
        this.#slices[slice % length] = 0
      }
    }
    this.#newest = now
  }

  #sliceNow(): number {
    return Math.floor(this.#clock.monotonic() / this.#sliceMs)
  }
}
