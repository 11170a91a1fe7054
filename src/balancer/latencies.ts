import type { Clock } from '../lib/clock.js'

/** Neighbouring buckets differ by 10 %, which is the accuracy of a percentile. */
const growth = Math.log(1.1)
const smallestMs = 0.01
const buckets = 220

/** Milliseconds covered by each of the two sets of buckets. */
const halfMs = 10_000

/** With fewer answers a percentile means little. */
const enough = 30

/** Latencies of the last ten to twenty seconds, as counts in buckets that grow by a tenth each. */
export class Latencies {
  readonly #clock: Clock
  #current = new Uint32Array(buckets)
  #previous = new Uint32Array(buckets)
  #count = 0
  #previousCount = 0
  #turnAt: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#turnAt = clock.monotonic() + halfMs
  }

  add(ms: number): void {
    this.#turn()
    const bucket = Math.ceil(Math.log(Math.max(ms, smallestMs) / smallestMs) / growth)
    this.#current[Math.min(bucket, buckets - 1)]!++
    this.#count++
  }

  /** Milliseconds below which `percent` of the latencies lie; undefined while there are fewer than 30. */
  percentile(percent: number): number | undefined {
    this.#turn()
    const total = this.#count + this.#previousCount
    if (total < enough) return undefined
    let left = (total * percent) / 100
    let bucket = 0
    while (bucket < buckets - 1) {
      left -= this.#current[bucket]! + this.#previous[bucket]!
      if (left <= 0) break
      bucket++
    }
    return smallestMs * Math.exp(bucket * growth)
  }

  #turn(): void {
    const now = this.#clock.monotonic()
    if (now < this.#turnAt) return
    const stale = now >= this.#turnAt + halfMs
    this.#previous = stale ? new Uint32Array(buckets) : this.#current
    this.#previousCount = stale ? 0 : this.#count
    this.#current = new Uint32Array(buckets)
    this.#count = 0
    this.#turnAt = now + halfMs
  }
}
