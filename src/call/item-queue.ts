import { type Deferred, deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import type { AbortListener } from './cancellation.js'
import type { ItemSink } from './items.js'

/** With this many unread items the producer must wait, until half of them are read. */
const maxUnreadItems = 64

/** A queue between a streaming call and its reader. As a listener of the call it drops unread items when the call is aborted. */
export class ItemQueue implements ItemSink, AbortListener {
  readonly #unread: DataRequest[] = []
  #count = 0
  #ended = false
  #arrival: Deferred | undefined
  #space: Deferred | undefined

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    if (this.#ended) return
    this.#count++
    this.#unread.push(item)
    this.#wake()
    if (this.#unread.length < maxUnreadItems) return
    this.#space ??= deferred()
    return this.#space.promise
  }

  /** No more items follow; unread items can still be read. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  abort(): void {
    this.#unread.length = 0
    this.#release()
    this.end()
  }

  /** The next unread item; undefined when there is none. */
  take(): DataRequest | undefined {
    const item = this.#unread.shift()
    if (this.#space !== undefined && this.#unread.length <= maxUnreadItems / 2) this.#release()
    return item
  }

  /** Resolves with true when there is an unread item, and with false after the last one. */
  async more(): Promise<boolean> {
    while (this.#unread.length === 0 && !this.#ended) {
      this.#arrival = deferred()
      await this.#arrival.promise
    }
    return this.#unread.length > 0
  }

  #wake(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }

  #release(): void {
    this.#space?.resolve()
    this.#space = undefined
  }
}
