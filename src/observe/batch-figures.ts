import type { Distribution } from './metrics/histogram.js'

/** What a replica has measured of the batches of one endpoint since it started; plain data. */
export interface BatchFigures {
  readonly endpoint: string
  /** The most that a batch may have now, in documents or their weight; with `adaptive` it changes. */
  readonly size: number
  /** Documents of each batch. */
  readonly documents: Distribution
  /** Milliseconds that each request waited until the first of its documents began to run. */
  readonly waitMs: Distribution
}
