import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Sender } from '../../../call/call.js'
import type { Share } from '../../../budget/budget.js'
import { Progress, type ProgressRules, type Wait } from '../../../budget/progress.js'
import type { Clock } from '../../../lib/clock.js'
import { connectionSender } from '../senders.js'

/** Approximate memory of an idle connection, in bytes; measured with `node:http2` of Node 20. */
export const connectionBytes: number = 48 * 1024

/** Approximate memory of an open call without its messages, in bytes. */
export const callBytes: number = 12 * 1024

/** A call as its connection sees it. */
export interface OpenCall {
  /** What the server waits for from the client. */
  readonly wait: Wait
  /** Ends the call because the client makes no progress. */
  stuck(wait: Wait, rules: ProgressRules): void
}

/** How long a client may take to read the last bytes and to close its side. */
const lastBytesMs = 1000

/** A client that does not read answers is pinged after this part of `stallMs`. */
const doubtAfter = 0.5

/** How long an answer to that ping may take, as a part of `stallMs`, once the client has stalled a call. */
const patienceWithPing = 0.2

/**
 * nghttp2 stops reading from a client that cancels about a thousand calls at once, and Node does not notice: such a
 * connection never closes, not even when its client closes it. A ping detects that.
 */
const manyResets = 500

/**
 * One client's connection: its share of the budget, its calls, and how long it has been idle.
 *
 * 1. A call is in `#calls`, and its memory is reserved, from `entered` until its stream has closed.
 * 2. A client that does not read answers but answers a ping loses the call. A client that does not answer the ping loses the
 *    connection, because only that frees what was handed to the system. An unanswered ping ends the connection in any case.
 */
export class Connection {
  readonly share: Share
  /** The sender of its calls, for fair queueing. */
  readonly sender: Sender
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #calls = new Set<OpenCall>()
  readonly #progress = new Map<OpenCall, Progress>()
  #idleSince: number
  /** Calls that the client has cancelled since the last ping. */
  #resets = 0
  /** When the unanswered ping was sent; undefined when there is none. */
  #askedAt: number | undefined

  constructor(
    session: ServerHttp2Session,
    { socket, share, clock }: { readonly socket: Socket; readonly share: Share; readonly clock: Clock },
  ) {
    this.#session = session
    this.#socket = socket
    this.sender = connectionSender('grpc', socket)
    this.#clock = clock
    this.share = share
    this.#idleSince = clock.monotonic()
  }

  /** Monotonic milliseconds since when it has had no call; `Infinity` while it has calls, and once it is closing. */
  get idleSince(): number {
    return this.#calls.size > 0 || this.#session.closed ? Number.POSITIVE_INFINITY : this.#idleSince
  }

  /** Reserves the memory of a call; false when there is no room. */
  admit(): boolean {
    return this.share.reserve(callBytes)
  }

  /** Adds a call that was admitted. */
  entered(call: OpenCall): void {
    this.#calls.add(call)
  }

  /** Removes a call. `isReset`: its client cancelled it. */
  left(call: OpenCall, isReset: boolean): void {
    if (isReset) this.#resets++
    if (!this.#calls.delete(call)) return
    this.#progress.delete(call)
    this.share.release(callBytes)
    if (this.#calls.size === 0) this.#idleSince = this.#clock.monotonic()
  }

  /** Ends stuck calls, and the connection when its client does not read. `now` in monotonic milliseconds. */
  look(now: number, rules: ProgressRules): void {
    if (now - (this.#askedAt ?? now) >= rules.stallMs) return this.destroy()
    if (this.#resets >= manyResets) this.#ask(now)
    for (const call of this.#calls) {
      const { wait } = call
      const progress = this.#progress.get(call)
      if (progress === undefined) {
        this.#progress.set(call, new Progress(rules, wait, now))
        continue
      }
      const { stalledMs, isStuck } = progress.look(wait, now)
      if (wait.kind === 'taking' && stalledMs > rules.stallMs * doubtAfter) this.#ask(now)
      if (!isStuck) continue
      if (wait.kind === 'taking' && now - (this.#askedAt ?? now) >= rules.stallMs * patienceWithPing)
        return this.destroy()
      call.stuck(wait, rules)
    }
  }

  /**
   * Announces that no more calls are accepted, and closes when there are none. Node waits for the client to close its side,
   * which a silent client never does, so the socket is destroyed after `lastBytesMs`; that leaves time to read the last
   * bytes.
   */
  close(): void {
    if (this.#session.closed) return
    this.#socket.once('finish', () => {
      const cancel = this.#clock.after(lastBytesMs, () => this.#socket.destroy())
      this.#socket.once('close', cancel)
    })
    this.#session.close()
  }

  /** Closes the connection without waiting, because its room is needed. */
  evict(): void {
    this.close()
    setImmediate(() => this.destroy())
  }

  /** Cuts the connection and releases what it has reserved. Idempotent. */
  destroy(): void {
    this.#session.destroy()
    this.#socket.destroy()
    this.share.close()
  }

  #ask(now: number): void {
    if (this.#askedAt !== undefined || this.#session.destroyed) return
    this.#askedAt = now
    this.#resets = 0
    this.#session.ping(() => {
      this.#askedAt = undefined
    })
  }
}
