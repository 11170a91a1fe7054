import type { Metric, Probe } from './metric.js'
import type { Scored, Top } from './top.js'
import type { Vectors } from './vectors.js'

/** The queries of a pass over rows, and their best rows so far. */
export interface Scan<T extends Scored> {
  readonly metric: Metric
  readonly probes: readonly Probe[]
  readonly tops: readonly Top<T>[]
  /** Makes the result from a row that is among the best. */
  readonly take: (slot: number, score: number) => T
}

/** The rows of a pass. */
export interface Range {
  readonly vectors: Vectors
  readonly from: number
  readonly to: number
  readonly mask: Uint8Array | undefined
}
