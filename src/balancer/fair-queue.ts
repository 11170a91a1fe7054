import type { Sender } from '../call/call.js'
import { type Measure, SenderQueue, type Waiting } from './sender-queue.js'
import { Turns } from './turns.js'

export type { Waiting } from './sender-queue.js'

/**
 * A queue of requests that is fair between the addresses of clients, and at each address between its senders. A client that
 * sends a request now and then is served next, however many connections another client opens and fills.
 *
 * Addresses take turns as `Turns` says, and at an address its senders do. Requests of one sender are first in, first out.
 * Senders without an address share one.
 */
export class FairQueue<W extends Waiting> {
  readonly #addresses = new Turns<string, SenderQueue<W>>()
  #length = 0
  #bytes = 0

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(waiting: W): void {
    const address = addressOf(waiting.sender)
    const queue = this.#addresses.get(address) ?? new SenderQueue<W>()
    queue.push(waiting)
    this.#addresses.joined(address, queue)
    this.#count(waiting, 1)
  }

  /** Upper estimate of the requests served before a new one of `sender`; higher when others arrive meanwhile. */
  ahead(sender: Sender): number {
    const { size, newcomers } = this.#addresses
    const own = this.#addresses.get(addressOf(sender))
    const others = own === undefined ? 2 * newcomers : (own.ahead(sender) + 1) * size - 1
    return Math.min(others, this.#length)
  }

  /**
   * Offers the first request of each sender, in the order above, to `serve`, and removes the first one that it accepts; false
   * when it accepts none.
   */
  serveNext(serve: (waiting: W) => boolean): boolean {
    let served: W | undefined
    const isServed = this.#addresses.serveNext((queue) =>
      queue.serveNext((waiting) => {
        if (!serve(waiting)) return false
        served = waiting
        return true
      }),
    )
    if (served !== undefined) this.#count(served, -1)
    return isServed
  }

  /** Removes a request; false when it is not, or no longer, in the queue. */
  remove(waiting: W): boolean {
    const address = addressOf(waiting.sender)
    const queue = this.#addresses.get(address)
    if (queue === undefined || !queue.remove(waiting)) return false
    this.#leave(queue, waiting)
    return true
  }

  /**
   * Makes room for a request of `sender`. Removes the newest request of the address that has the most requests or bytes of
   * impatient senders, if it has more than that of `sender` will have; otherwise, at the address of `sender`, that of the
   * impatient sender with the most, if it still keeps at least as much as `sender` will have. Undefined when there is none.
   */
  evict(sender: Sender, by: Measure, bytes: number): W | undefined {
    const added = by === 'bytes' ? bytes : 1
    const own = this.#addresses.get(addressOf(sender))
    let most = (own?.evictable(by) ?? 0) + added
    let victim: SenderQueue<W> | undefined
    for (const queue of this.#addresses.backlogs()) {
      if (queue === own || queue.evictable(by) <= most) continue
      most = queue.evictable(by)
      victim = queue
    }
    const queue = victim ?? own
    const evicted =
      victim === undefined ? own?.evict(by, own.sizeOf(sender, by) + added, 2) : victim.evict(by, 0, 1)
    if (queue !== undefined && evicted !== undefined) this.#leave(queue, evicted)
    return evicted
  }

  /** Removes and returns all requests. */
  clear(): W[] {
    const all = [...this.#addresses.backlogs()].flatMap((queue) => queue.all())
    this.#addresses.clear()
    this.#length = 0
    this.#bytes = 0
    return all
  }

  #leave(queue: SenderQueue<W>, waiting: W): void {
    this.#addresses.left(addressOf(waiting.sender), queue)
    this.#count(waiting, -1)
  }

  #count({ bytes }: W, sign: 1 | -1): void {
    this.#length += sign
    this.#bytes += sign * bytes
  }
}

function addressOf({ address = '' }: Sender): string {
  return address
}
