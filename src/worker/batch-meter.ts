import type { BatchFigures } from '../observe/batch-figures.js'
import { Histogram } from '../observe/metrics/histogram.js'

/** Upper bounds of the buckets of documents. */
const documentBuckets: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]
/** Upper bounds of the buckets of waits, in milliseconds. */
const waitBuckets: readonly number[] = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

/** Counts the batches of an endpoint and the waits of its requests. */
export class BatchMeter {
  readonly #documents = new Histogram(documentBuckets)
  readonly #waitMs = new Histogram(waitBuckets)

  /** A batch begins. */
  began(documents: number): void {
    this.#documents.observe(documents)
  }

  /** The first documents of a request begin to run. */
  waited(ms: number): void {
    this.#waitMs.observe(ms)
  }

  figures(endpoint: string, size: number): BatchFigures {
    return { endpoint, size, documents: this.#documents.distribution, waitMs: this.#waitMs.distribution }
  }
}
