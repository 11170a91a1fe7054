import type { DataRequest } from '../wire/data-request.js'

/** Receives the items of a streaming call, one document each. */
export interface ItemSink {
  /** Number of items pushed. */
  readonly count: number
  /**
   * Takes an item. The producer awaits a returned promise before the next item; it resolves when the sink is ready again, or
   * when the call is aborted. Never throws or rejects: a sink that cannot go on aborts the call.
   */
  push(item: DataRequest): void | Promise<void>
}

/** Counts the items of one of several producers, or tries, that share a sink. */
export class Relay implements ItemSink {
  readonly #next: ItemSink
  #count = 0

  constructor(next: ItemSink) {
    this.#next = next
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    this.#count++
    return this.#next.push(item)
  }
}
