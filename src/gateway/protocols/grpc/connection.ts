import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Sender } from '../../../call/call.js'
import type { Share } from '../../../budget/budget.js'
import { Progress, type ProgressRules, type Wait } from '../../../budget/progress.js'
import type { Clock } from '../../../lib/clock.js'
import { connectionSender } from '../senders.js'

/** What a connection costs in memory while nothing happens on it, about; measured with `node:http2` of Node 20. */
export const connectionBytes: number = 48 * 1024

/** What an open call costs beside its messages, about. */
export const callBytes: number = 12 * 1024

/** A call as far as its connection knows it. */
export interface OpenCall {
  /** What is waited for from the client. */
  readonly wait: Wait
  /** Ends it because the client does not do its part. */
  stuck(wait: Wait, rules: ProgressRules): void
}

/** How long a client may take to read the last bytes, and to close its half. */
const lastBytesMs = 1000

/** A client that does not take answers is asked for a sign of life after this part of `stallMs`. */
const doubtAfter = 0.5

/** For an answer to the ping, as a part of `stallMs`, once the client is too late with a call. */
const patienceWithPing = 0.2

/**
 * nghttp2 stops reading from a client that cancels about a thousand calls at once, and Node does not notice: such a
 * connection never closes, not even when its client does. A ping shows it.
 */
const manyResets = 500

/**
 * One client's connection: its part of the budget, its calls, and how long it has had none.
 *
 * 1. A call is in `#calls`, and reserved, from `enter` until its stream has closed.
 * 2. A client that takes no answers, but answers a ping, loses the call. One that does not even read loses the connection:
 *    only then is what the system was given freed. An unanswered ping ends it anyway.
 */
export class Connection {
  readonly share: Share
  /** Who its calls are from, as far as fairness goes. */
  readonly sender: Sender
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #calls = new Set<OpenCall>()
  readonly #progress = new Map<OpenCall, Progress>()
  #idleSince: number
  /** Calls that the client cancelled since it was asked for a sign of life. */
  #resets = 0
  /** When a ping went out that was not answered. */
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

  /** Monotonic milliseconds since when it has had no call; `Infinity` while it has, and once it closes. */
  get idleSince(): number {
    return this.#calls.size > 0 || this.#session.closed ? Number.POSITIVE_INFINITY : this.#idleSince
  }

  /** Reserves what a call costs; false when there is no room. */
  admit(): boolean {
    return this.share.reserve(callBytes)
  }

  /** Of a call that was admitted. */
  entered(call: OpenCall): void {
    this.#calls.add(call)
  }

  /** `isReset`: its client cancelled it. */
  left(call: OpenCall, isReset: boolean): void {
    if (isReset) this.#resets++
    if (!this.#calls.delete(call)) return
    this.#progress.delete(call)
    this.share.release(callBytes)
    if (this.#calls.size === 0) this.#idleSince = this.#clock.monotonic()
  }

  /** Ends calls that are stuck, and the connection when nobody reads at its other end. `now` in monotonic milliseconds. */
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
   * Says that no more calls are taken, and closes when there are none. Node leaves it to the client to close its half, which
   * one that is silent never does; others have time to read the last bytes before.
   */
  close(): void {
    if (this.#session.closed) return
    this.#socket.once('finish', () => {
      const cancel = this.#clock.after(lastBytesMs, () => this.#socket.destroy())
      this.#socket.once('close', cancel)
    })
    this.#session.close()
  }

  /** The same, with no time for anything: its place is needed. */
  evict(): void {
    this.close()
    setImmediate(() => this.destroy())
  }

  /** Cuts it, and gives back what it holds. Idempotent. */
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
