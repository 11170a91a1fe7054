import type { StageStatus } from '../../control/status.js'
import type { Distribution } from '../../observe/metrics/histogram.js'
import { merged, quantile, since } from '../../observe/metrics/quantile.js'

/** Milliseconds of the hops of a stage. */
export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Looks over which percentiles are computed, one a second. */
const mostLooks = 15

/** Percentiles of the hops of stages in the last 15 seconds; only of a Flow with metrics. */
export class Latencies {
  readonly #looks = new Map<string, readonly Distribution[]>()

  /** Null without hops in that time. */
  see({ name, shards }: Pick<StageStatus, 'name' | 'shards'>): Latency | null {
    const now = merged(shards.flatMap(({ hopSeconds }) => hopSeconds ?? []))
    if (now === null) return null
    const before = this.#looks.get(name) ?? []
    this.#looks.set(name, [...before, now].slice(-mostLooks - 1))
    const [oldest = now] = before
    const [p50, p99] = [0.5, 0.99].map((q) => quantile(since(oldest, now), q))
    return typeof p50 === 'number' && typeof p99 === 'number'
      ? { p50Ms: p50 * 1000, p99Ms: p99 * 1000 }
      : null
  }
}
