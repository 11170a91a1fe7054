import type { DataRequest } from '../wire/data-request.js'

/** Where the items of a streaming call go, one document each. */
export interface ItemSink {
  /** Items that were pushed so far. */
  readonly count: number
  /**
   * Gives an item on. A promise asks its producer to wait before the next one: it resolves when there is room, or when the
   * call is aborted. Never throws or rejects: a sink that can take no more aborts the call.
   */
  push(item: DataRequest): void | Promise<void>
}

/** One of several producers, or tries, that share a sink: counts its own items. */
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
