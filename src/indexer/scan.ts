import type { Metric, Probe } from './metric.js'
import type { Scored, Top } from './top.js'
import type { Vectors } from './vectors.js'

/** What a pass over rows looks for. */
export interface Scan<T extends Scored> {
  readonly metric: Metric
  readonly probes: readonly Probe[]
  readonly tops: readonly Top<T>[]
  /** What is kept of a row that is among the best. */
  readonly take: (place: number, score: number) => T
}

/** Rows of a pass. */
export interface Range {
  readonly vectors: Vectors
  readonly from: number
  readonly to: number
  readonly mask: Uint8Array | undefined
}
