import { createHistogram } from 'node:perf_hooks'

/** Longest latency told apart, in microseconds: an hour. */
const longestUs = 3_600_000_000

/** The percentiles of a report. */
export const percentiles = [50, 75, 90, 99, 99.9, 99.99] as const

/** What a set of latencies was, in milliseconds. */
export interface LatencySummary {
  readonly mean: number
  readonly min: number
  readonly max: number
  /** By percentile: `"99.9"`. */
  readonly percentiles: Readonly<Record<string, number>>
}

/** Latencies in a high dynamic range histogram (HdrHistogram, in Node): three significant digits, up to an hour. */
export class Latencies {
  readonly #histogram = createHistogram({ lowest: 1, highest: longestUs, figures: 3 })

  get count(): number {
    return this.#histogram.count
  }

  record(ms: number): void {
    this.#histogram.record(Math.min(longestUs, Math.max(1, Math.round(ms * 1000))))
  }

  /** Null when there are none. */
  summary(): LatencySummary | null {
    const { count, mean, min, max } = this.#histogram
    if (count === 0) return null
    const at = (percentile: number): number => this.#histogram.percentile(percentile) / 1000
    return {
      mean: mean / 1000,
      min: min / 1000,
      max: max / 1000,
      percentiles: Object.fromEntries(percentiles.map((percentile) => [String(percentile), at(percentile)])),
    }
  }
}
