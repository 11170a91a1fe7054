import type { Sender } from '../call/call.js'
import { Turns } from './turns.js'

/** A request in the queue. */
export interface Waiting {
  readonly sender: Sender
  readonly bytes: number
}

export type Measure = 'requests' | 'bytes'

/** The waiting requests of one sender, oldest first. */
class Backlog<W extends Waiting> {
  readonly requests: W[] = []
  bytes = 0

  get length(): number {
    return this.requests.length
  }

  add(waiting: W): void {
    this.requests.push(waiting)
    this.bytes += waiting.bytes
  }

  take(at: number): W {
    const [waiting] = this.requests.splice(at, 1)
    this.bytes -= waiting!.bytes
    return waiting!
  }

  sizeIn(measure: Measure): number {
    return measure === 'bytes' ? this.bytes : this.length
  }
}

/** The waiting requests of one address: first in, first out for each sender, and fair between senders (`Turns`). */
export class SenderQueue<W extends Waiting> {
  readonly #senders = new Turns<Sender, Backlog<W>>()
  #length = 0
  #bytes = 0
  /** Those of patient senders, which are never evicted. */
  #kept = { requests: 0, bytes: 0 }

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(waiting: W): void {
    const { sender } = waiting
    const backlog = this.#senders.get(sender) ?? new Backlog<W>()
    backlog.add(waiting)
    this.#senders.joined(sender, backlog)
    this.#count(waiting, 1)
  }

  /** Upper estimate of the requests served before a new one of `sender`; higher when others arrive meanwhile. */
  ahead(sender: Sender): number {
    const { size, newcomers } = this.#senders
    const own = this.#senders.get(sender)?.length ?? 0
    const others = own === 0 ? 2 * newcomers : (own + 1) * size
    return Math.min(others, this.#length)
  }

  /** Offers the first request of each sender to `serve`, and removes the first one that it accepts. */
  serveNext(serve: (waiting: W) => boolean): boolean {
    return this.#senders.serveNext((backlog) => {
      if (!serve(backlog.requests[0]!)) return false
      this.#take(backlog, 0)
      return true
    })
  }

  /** Removes a request; false when it is not, or no longer, in the queue. */
  remove(waiting: W): boolean {
    const backlog = this.#senders.get(waiting.sender)
    const at = backlog?.requests.indexOf(waiting) ?? -1
    if (backlog === undefined || at < 0) return false
    this.#take(backlog, at)
    this.#senders.left(waiting.sender, backlog)
    return true
  }

  /** What impatient senders have. */
  evictable(measure: Measure): number {
    return measure === 'bytes' ? this.#bytes - this.#kept.bytes : this.#length - this.#kept.requests
  }

  /** What a sender has. */
  sizeOf(sender: Sender, measure: Measure): number {
    return this.#senders.get(sender)?.sizeIn(measure) ?? 0
  }

  /**
   * Removes the newest request of the impatient sender that has the most, if it has more than `least`, and at least
   * `fewest` requests. Of equal ones it is the sender that is served last. Undefined when there is no such sender.
   */
  evict(measure: Measure, least: number, fewest: number): W | undefined {
    let most = least
    let victim: Backlog<W> | undefined
    for (const backlog of this.#senders.backlogs()) {
      const size = backlog.sizeIn(measure)
      if (backlog.requests[0]!.sender.patient || size <= least || size < most) continue
      most = size
      victim = backlog
    }
    if (victim === undefined || victim.length < fewest) return undefined
    const evicted = this.#take(victim, victim.length - 1)
    this.#senders.left(evicted.sender, victim)
    return evicted
  }

  /** All requests. */
  all(): W[] {
    return [...this.#senders.backlogs()].flatMap(({ requests }) => requests)
  }

  #take(backlog: Backlog<W>, at: number): W {
    const waiting = backlog.take(at)
    this.#count(waiting, -1)
    return waiting
  }

  #count({ sender, bytes }: W, sign: 1 | -1): void {
    this.#length += sign
    this.#bytes += sign * bytes
    if (!sender.patient) return
    this.#kept.requests += sign
    this.#kept.bytes += sign * bytes
  }
}
