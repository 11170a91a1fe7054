import type { Socket } from 'node:net'
import type { Account, Share } from '../../../budget/budget.js'
import { Progress, type ProgressRules, type Wait } from '../../../budget/progress.js'
import { stalledRequest } from '../../../budget/refusals.js'
import type { Sender } from '../../../call/call.js'
import type { Clock } from '../../../lib/clock.js'
import type { ClientConnection } from '../connections.js'
import { addressOf, connectionSender } from '../senders.js'
import { tooSlow } from './raw-answers.js'

/** Approximate memory of an idle connection, in bytes: socket, parser and its objects in Node 20. */
export const connectionBytes: number = 24 * 1024

/** Approximate memory of an open request without body and answer, in bytes. */
export const requestBytes: number = 12 * 1024

/** A request as its connection sees it. */
export interface OpenRequest {
  /** What the server waits for from the client. */
  readonly wait: Wait
  /** Ends the request because the client makes no progress. */
  stuck(wait: Wait, rules: ProgressRules): void
  /** The connection is closed. Idempotent. */
  closed(): void
}

/**
 * One client's connection: its share of the budget, its requests, and how long it has been idle.
 *
 * 1. A request is in `#requests`, and its memory is reserved, from `enter` until `left`. Pipelined requests are several.
 * 2. Between requests, bytes that arrive are headers, which must make progress as a body must.
 */
export class HttpConnection implements ClientConnection {
  readonly share: Share
  /** The sender of its requests, for fair queueing. */
  readonly sender: Sender
  /** Of the client, without port. */
  readonly address: string
  readonly #socket: Socket
  readonly #clock: Clock
  /** Oldest first. No Set: it would keep ended requests in memory (docs/decisions/0058-what-observing-costs.md). */
  readonly #requests: OpenRequest[] = []
  readonly #progress = new Map<OpenRequest | null, Progress>()
  #idleSince: number
  /** Whether it closes after the requests in flight. */
  #isClosing = false
  /** Bytes received when the last request was complete; more of them belong to the next one. */
  #settledBytes = 0

  constructor(socket: Socket, { share, clock }: { readonly share: Share; readonly clock: Clock }) {
    this.share = share
    this.sender = connectionSender('http', socket)
    this.address = addressOf(socket)
    this.#socket = socket
    this.#clock = clock
    this.#idleSince = clock.monotonic()
  }

  /** Monotonic milliseconds since when it has had no request; `Infinity` while it has some. */
  get idleSince(): number {
    return this.#requests.length > 0 ? Number.POSITIVE_INFINITY : this.#idleSince
  }

  get openRequests(): number {
    return this.#requests.length
  }

  /** Reserves the memory of a request; null when there is no room. */
  admit(): Account | null {
    return this.share.reserve(requestBytes) ? this.share.account() : null
  }

  /** Adds a request that was admitted. */
  enter(request: OpenRequest): void {
    this.#progress.delete(null)
    this.#requests.push(request)
  }

  left(request: OpenRequest): void {
    const at = this.#requests.indexOf(request)
    if (at === -1) return
    this.#requests.splice(at, 1)
    this.#progress.delete(request)
    this.share.release(requestBytes)
    if (this.#requests.length > 0) return
    this.#idleSince = this.#clock.monotonic()
    this.#settledBytes = this.#socket.bytesRead
    if (this.#isClosing) this.end()
  }

  get isClosing(): boolean {
    return this.#isClosing
  }

  /** Takes no more requests, and closes after those in flight. */
  close(): void {
    this.#isClosing = true
    if (this.#requests.length === 0) this.end()
  }

  /** Ends requests that make no progress, and the connection when headers do not arrive. `now` in monotonic milliseconds. */
  look(now: number, rules: ProgressRules): void {
    for (const request of [...this.#requests]) {
      if (!this.#requests.includes(request)) continue // it has ended with another one
      if (this.#isStuck(request, request.wait, { now, rules })) request.stuck(request.wait, rules)
    }
    if (this.#requests.length > 0) return
    const { bytesRead } = this.#socket
    if (bytesRead > this.#settledBytes) {
      const wait: Wait = { kind: 'sending', count: bytesRead - this.#settledBytes }
      if (this.#isStuck(null, wait, { now, rules }))
        this.end(tooSlow(stalledRequest(wait.count, rules).message))
    } else if (rules.idleMs !== null && now - this.#idleSince >= rules.idleMs) this.end()
  }

  /** Closes the connection, after these bytes. */
  end(last?: string): void {
    if (last !== undefined && this.#socket.writable) this.#socket.write(last)
    this.#socket.destroySoon()
  }

  evict(): void {
    this.destroy()
  }

  /** Cuts the connection and releases what it has reserved. Idempotent. */
  destroy(): void {
    this.#socket.destroy()
    // Node reports the end of the connection only to the response whose turn it is, and not to pipelined ones
    for (const request of [...this.#requests]) request.closed()
    this.share.close()
  }

  #isStuck(
    request: OpenRequest | null,
    wait: Wait,
    { now, rules }: { readonly now: number; readonly rules: ProgressRules },
  ): boolean {
    const progress = this.#progress.get(request)
    if (progress !== undefined) return progress.look(wait, now).isStuck
    this.#progress.set(request, new Progress(rules, wait, now))
    return false
  }
}
