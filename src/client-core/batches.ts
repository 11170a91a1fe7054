import type { Document } from '../document/index.js'
import { inputFailed, type Source, toDocument } from './inputs.js'

type Batch = Document[] | undefined

/**
 * Documents in batches of `size`, pulled from the source one batch at a time and never ahead.
 *
 * 1. A synchronous source is read synchronously: `next()` returns a batch, not a promise of one.
 * 2. No inputs (or an empty array) give one empty batch; a generator that ends without a document gives none.
 * 3. `close()` calls the iterator's `return()` once and does not wait for it.
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
      // a failure of `return()` is dropped: the caller already has the reason for stopping
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
      // dropped, as above
    }
  }

  #takeSync(iterator: Iterator<unknown>): Batch {
    const batch: Document[] = []
    while (batch.length < this.#size) {
      const step = this.#step(iterator)
      if (step.done === true) return this.#finish(batch.length === 0 ? undefined : batch)
      batch.push(toDocument(step.value))
    }
    return batch
  }

  /** Not through `#ask`, which needs a function for each Document. */
  #step<Step>(iterator: { next(): Step }): Step {
    try {
      return iterator.next()
    } catch (cause) {
      return this.#broken(cause)
    }
  }

  async #takeAsync(iterator: AsyncIterator<unknown>): Promise<Batch> {
    const batch: Document[] = []
    while (batch.length < this.#size) {
      const step = await this.#step(iterator).catch((cause: unknown) => this.#broken(cause))
      if (step.done === true) return this.#finish(batch.length === 0 ? undefined : batch)
      batch.push(toDocument(step.value))
    }
    return batch
  }

  /** After this `close()` does nothing: an iterator that ended by itself needs no `return()`. */
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
