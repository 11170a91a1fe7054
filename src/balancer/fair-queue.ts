import type { Sender } from '../call/call.js'

/** A request in the queue. */
export interface Waiting {
  readonly sender: Sender
  readonly bytes: number
}

/** The waiting requests of one sender, oldest first. */
interface Backlog<W> {
  readonly requests: W[]
  bytes: number
}

/**
 * A queue of requests, first in, first out for each sender, and fair between senders.
 *
 * 1. A sender without waiting requests is *new* when it adds one, until it has had a turn or adds a second one. New senders
 *    go first: a client that sends a request now and then is served next, however many connections another client fills.
 * 2. New senders are served in order of arrival, the others in turns (round robin).
 * 3. After each turn at least one new sender is served, and more when there are several new senders for each sender that
 *    takes turns: neither group starves the other.
 *
 * Source: new and old flows of FQ-CoDel (RFC 8290, section 4.2).
 */
export class FairQueue<W extends Waiting> {
  readonly #new = new Map<Sender, Backlog<W>>()
  /** In the order of their next turn. */
  readonly #turns = new Map<Sender, Backlog<W>>()
  /** How many new senders are still served before the next turn. */
  #before = 1
  #length = 0
  #bytes = 0

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#bytes
  }

  push(waiting: W): void {
    const { sender, bytes } = waiting
    const backlog = this.#backlog(sender)
    if (backlog === undefined) this.#new.set(sender, { requests: [waiting], bytes })
    else {
      backlog.requests.push(waiting)
      backlog.bytes += bytes
      if (this.#new.delete(sender)) this.#turns.set(sender, backlog)
    }
    this.#length++
    this.#bytes += bytes
  }

  /** Upper estimate of the requests served before a new one of `sender`; higher when others arrive meanwhile. */
  ahead(sender: Sender): number {
    const own = this.#backlog(sender)?.requests.length ?? 0
    const senders = this.#new.size + this.#turns.size
    const others = own === 0 ? 2 * this.#new.size : (own + 1) * senders
    return Math.min(others, this.#length)
  }

  /**
   * Offers the first request of each sender, in the order above, to `serve`, and removes the first one that it accepts; false
   * when it accepts none.
   */
  serveNext(serve: (waiting: W) => boolean): boolean {
    return this.#before > 0
      ? this.#serveNew(serve) || this.#serveTurn(serve)
      : this.#serveTurn(serve) || this.#serveNew(serve)
  }

  /** Removes a request; false when it is not, or no longer, in the queue. */
  remove(waiting: W): boolean {
    const { sender } = waiting
    const backlog = this.#backlog(sender)
    const at = backlog?.requests.indexOf(waiting) ?? -1
    if (backlog === undefined || at < 0) return false
    this.#take(backlog, at)
    if (backlog.requests.length === 0) this.#forget(sender)
    return true
  }

  /**
   * Makes room for a request of `sender`: finds the impatient sender with the most requests or bytes, and removes its newest
   * request if it still keeps at least as much as `sender` will have. Undefined when there is no such sender.
   */
  evict(sender: Sender, by: 'requests' | 'bytes', bytes: number): W | undefined {
    const sizeOf = (backlog: Backlog<W>): number => (by === 'bytes' ? backlog.bytes : backlog.requests.length)
    const own = this.#backlog(sender)
    let most = (own === undefined ? 0 : sizeOf(own)) + (by === 'bytes' ? bytes : 1)
    let victim: Backlog<W> | undefined
    for (const backlogs of [this.#turns, this.#new]) {
      for (const [other, backlog] of backlogs) {
        if (other.patient || sizeOf(backlog) <= most) continue
        most = sizeOf(backlog)
        victim = backlog
      }
    }
    if (victim === undefined || victim.requests.length < 2) return undefined
    return this.#take(victim, victim.requests.length - 1)
  }

  /** Removes and returns all requests. */
  clear(): W[] {
    const all = [...this.#new.values(), ...this.#turns.values()].flatMap(({ requests }) => requests)
    this.#new.clear()
    this.#turns.clear()
    this.#length = 0
    this.#bytes = 0
    return all
  }

  #serveNew(serve: (waiting: W) => boolean): boolean {
    const isBefore = this.#turns.size > 0
    if (!this.#serveOne(this.#new, serve)) return false
    if (isBefore) this.#before--
    return true
  }

  #serveTurn(serve: (waiting: W) => boolean): boolean {
    if (!this.#serveOne(this.#turns, serve)) return false
    this.#before = Math.max(1, Math.floor(this.#new.size / Math.max(1, this.#turns.size)))
    return true
  }

  #serveOne(backlogs: Map<Sender, Backlog<W>>, serve: (waiting: W) => boolean): boolean {
    for (const [sender, backlog] of backlogs) {
      if (!serve(backlog.requests[0]!)) continue
      this.#take(backlog, 0)
      backlogs.delete(sender)
      if (backlog.requests.length > 0) this.#turns.set(sender, backlog)
      return true
    }
    return false
  }

  #backlog(sender: Sender): Backlog<W> | undefined {
    return this.#turns.get(sender) ?? this.#new.get(sender)
  }

  #forget(sender: Sender): void {
    this.#turns.delete(sender)
    this.#new.delete(sender)
  }

  #take(backlog: Backlog<W>, at: number): W {
    const [waiting] = backlog.requests.splice(at, 1)
    backlog.bytes -= waiting!.bytes
    this.#length--
    this.#bytes -= waiting!.bytes
    return waiting!
  }
}
