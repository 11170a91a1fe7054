import { type Deferred, deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import type { AbortListener } from './cancellation.js'
import type { ItemSink } from './items.js'

/** Items that may wait for their reader before the producer is asked to; it goes on when half of them are taken. */
const roomItems = 64

/** Items between a streaming call and a reader that takes them one by one. Listens to the call: then nobody waits any more. */
export class ItemQueue implements ItemSink, AbortListener {
  readonly #unread: DataRequest[] = []
  #count = 0
  #ended = false
  #arrival: Deferred | undefined
  #room: Deferred | undefined

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    if (this.#ended) return
    this.#count++
    this.#unread.push(item)
    this.#wake()
    if (this.#unread.length < roomItems) return
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** No more items come; those that are there are still given. */
  end(): void {
    this.#ended = true
    this.#wake()
  }

  abort(): void {
    this.#unread.length = 0
    this.#release()
    this.end()
  }

  /** The next item that has arrived; undefined when there is none. */
  take(): DataRequest | undefined {
    const item = this.#unread.shift()
    if (this.#room !== undefined && this.#unread.length <= roomItems / 2) this.#release()
    return item
  }

  /** Resolves when there is an item to take, with false after the last one. */
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
    this.#room?.resolve()
    this.#room = undefined
  }
}
