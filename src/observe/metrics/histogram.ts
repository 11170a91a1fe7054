/** Upper bounds of the buckets of durations, in seconds: from half a millisecond to half a minute. */
export const secondsBuckets: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

/** What a histogram has counted, as plain data. */
export interface Distribution {
  readonly sum: number
  /** Upper bounds of the buckets, ascending and finite. */
  readonly bounds: readonly number[]
  /** Observations in each bucket, not cumulative; the last number counts those above all bounds. */
  readonly counts: readonly number[]
}

/** Counts observations in buckets. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  /** `bounds`: ascending and finite; default `secondsBuckets`. */
  constructor(bounds: readonly number[] = secondsBuckets) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  /** A value equal to a bound belongs to the bucket of that bound. */
  observe(value: number): void {
    const bounds = this.#bounds
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
  }

  get distribution(): Distribution {
    return { sum: this.#sum, bounds: this.#bounds, counts: [...this.#counts] }
  }
}

/** Number of observations. */
export function countOf({ counts }: Distribution): number {
  return counts.reduce((total, count) => total + count, 0)
}
