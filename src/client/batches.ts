import type { Document } from '../document/index.js'
import { inputFailed, type Source, toDocument } from './inputs.js'

type Batch = Document[] | undefined

/**
 * Documents in batches of `size`, taken one batch at a time and never ahead.
 *
 * 1. A source that answers at once is never waited for: `next()` gives a batch, not a promise of one.
 * 2. "Nothing", as an empty array too, gives one empty batch; a generator that ends without a document gives none.
 * 3. `close()` returns the iterator once; it does not wait for a source that is busy.
 */
export class Batches {
  readonly #size: number
  readonly #next: () => Batch | Promise<Batch>
  readonly #return: () => void
  #over = false

  /** `size` below 1 puts everything into one batch. */
  constructor(source: Source, size: number) {
    this.#size = size < 1 ? Number.POSITIVE_INFINITY : size
    if (source.kind === 'none') {
      this.#next = () => this.#finish([])
      this.#return = () => {}
    } else if (source.kind === 'sync') {
      const iterator = this.#ask(() => source.items[Symbol.iterator]())
      this.#next = () => this.#takeSync(iterator)
      this.#return = () => void iterator.return?.()
    } else {
      const iterator = this.#ask(() => source.items[Symbol.asyncIterator]())
      this.#next = () => this.#takeAsync(iterator)
      // the iterator's own failure while it is told to stop helps nobody: the reason for stopping is known
      this.#return = () => void iterator.return?.()?.then(undefined, () => {})
    }
  }

  /** The next batch; undefined when there is no more. Throws INPUT_FAILED and INVALID_INPUT. */
  next(): Batch | Promise<Batch> {
    return this.#over ? undefined : this.#next()
  }

  close(): void {
    if (this.#over) return
    this.#over = true
    try {
      this.#return()
    } catch {
      // as above
    }
  }

  #takeSync(iterator: Iterator<unknown>): Batch {
    const batch: Document[] = []
    while (batch.length < this.#size) {
      const step = this.#ask(() => iterator.next())
      if (step.done === true) return this.#finish(batch.length === 0 ? undefined : batch)
      batch.push(toDocument(step.value))
    }
    return batch
  }

  async #takeAsync(iterator: AsyncIterator<unknown>): Promise<Batch> {
    const batch: Document[] = []
    while (batch.length < this.#size) {
      const step = await this.#ask(() => iterator.next()).catch((cause: unknown) => this.#broken(cause))
      if (step.done === true) return this.#finish(batch.length === 0 ? undefined : batch)
      batch.push(toDocument(step.value))
    }
    return batch
  }

  /** An iterator that ended by itself is not returned as well. */
  #finish(last: Batch): Batch {
    this.#over = true
    return last
  }

  #ask<T>(step: () => T): T {
    try {
      return step()
    } catch (cause) {
      return this.#broken(cause)
    }
  }

  #broken(cause: unknown): never {
    this.#over = true
    throw inputFailed(cause)
  }
}
