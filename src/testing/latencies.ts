/** Size of the ring buffer: later values overwrite the oldest. */
const kept = 100_000

/** Latencies of a test, in milliseconds. */
export class Latencies {
  readonly #values: number[] = []
  #count = 0

  add(ms: number): void {
    this.#values[this.#count++ % kept] = ms
  }

  /** Percentile in milliseconds; `share` from 0 to 1. 0 when there are no values. */
  percentile(share: number): number {
    const sorted = this.#values.toSorted((one, other) => one - other)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  }
}
