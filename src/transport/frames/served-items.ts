import type { ItemSink } from '../../call/items.js'
import type { AbortListener } from '../../call/cancellation.js'
import { type Deferred, deferred } from '../../lib/deferred.js'
import type { DataRequest } from '../../wire/data-request.js'
import { streamWindow } from './frame.js'

/**
 * The items of one stream on the serving side. A producer waits while the caller has not granted credit, or the link is not
 * writable; each of several producers may be one item ahead.
 */
export class ServedItems implements ItemSink, AbortListener {
  readonly #send: (item: DataRequest) => void | Promise<void>
  #count = 0
  #credit = streamWindow
  #granted: Deferred | undefined
  #isOver = false

  /** `send` passes an item to the link; it returns a promise when the link is not writable. */
  constructor(send: (item: DataRequest) => void | Promise<void>) {
    this.#send = send
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    if (this.#isOver) return
    this.#count++
    this.#credit--
    const ready = this.#send(item)
    return this.#credit > 0 || this.#isOver ? ready : this.#wait(ready)
  }

  /** The caller grants credit for more items. */
  grant(items: number): void {
    this.#credit += items
    if (this.#credit > 0) this.#granted?.resolve()
  }

  abort(): void {
    this.#isOver = true
    this.#granted?.resolve()
  }

  async #wait(ready: void | Promise<void>): Promise<void> {
    while (this.#credit <= 0 && !this.#isOver) {
      this.#granted ??= deferred()
      await this.#granted.promise
      this.#granted = undefined
    }
    await ready
  }
}
