import type { Socket } from 'node:net'
import type { Sender } from '../../../call/call.js'
import type { Share } from '../../../budget/budget.js'
import { Progress, type ProgressRules, type Wait } from '../../../budget/progress.js'
import { errorCode } from '../../../http2/codes.js'
import { type ConnectionListener, Http2Connection } from '../../../http2/connection.js'
import type { Headers } from '../../../http2/message-head.js'
import type { Stream } from '../../../http2/stream.js'
import type { Clock } from '../../../lib/clock.js'
import { IdTable } from '../../../lib/id-table.js'
import type { ByteReader } from '../../../sockets/byte-reader.js'
import type { ClientConnection } from '../connections.js'
import { addressOf, connectionSender } from '../senders.js'

/** Approximate memory of an idle connection, in bytes; its HTTP/2 state and what the socket holds. */
export const connectionBytes: number = 48 * 1024

/** Approximate memory of an open call without its messages, in bytes. */
export const callBytes: number = 12 * 1024

/** A call as its connection sees it. */
export interface OpenCall {
  /** Of its stream. */
  readonly id: number
  /** What the server waits for from the client. */
  readonly wait: Wait
  /** Ends the call because the client makes no progress. */
  stuck(wait: Wait, rules: ProgressRules): void
  /** The server takes no more requests. */
  drain(): void
}

/** A client that does not read answers is pinged after this part of `stallMs`. */
const doubtAfter = 0.5

/** How long an answer to that ping may take, as a part of `stallMs`, once the client has stalled a call. */
const patienceWithPing = 0.2

/**
 * Flow-control windows: 1 MiB per stream at first, so that a request of 100 documents arrives in one piece (HTTP/2 starts with
 * 64 KiB), and 16 MiB per connection.
 */
const windows = { stream: 1024 * 1024, connection: 16 * 1024 * 1024 } as const

/** Limits on the headers of a call. */
const headLimits = { maxListBytes: 64 * 1024, maxFields: 128 } as const

/** How an incoming call is served. */
export type Serve = (connection: Connection, stream: Stream, headers: Headers) => void

/**
 * One client's connection: its share of the budget, its calls, and how long it has been idle.
 *
 * 1. A call is in `#calls`, and its memory is reserved, from `entered` until its stream has closed.
 * 2. A client that does not read answers but answers a ping loses the call. A client that does not answer the ping loses the
 *    connection, because only that frees what was handed to the system. An unanswered ping ends the connection in any case.
 */
export class Connection implements ClientConnection, ConnectionListener {
  readonly share: Share
  /** The sender of its calls, for fair queueing. */
  readonly sender: Sender
  /** Of the client, without port. */
  readonly address: string
  readonly #http2: Http2Connection
  readonly #serve: Serve
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #calls = new IdTable<OpenCall>()
  readonly #progress = new Map<OpenCall, Progress>()
  #idleSince: number
  /** When the write in progress was first seen, and which one it is. */
  #writing = { write: -1, since: 0 }
  /** When the incomplete frame was first seen, and which one it is. */
  #receiving = { frame: -1, since: 0 }
  /** When the unanswered ping was sent; undefined when there is none. */
  #askedAt: number | undefined

  constructor(
    socket: Socket,
    options: {
      readonly share: Share
      readonly clock: Clock
      readonly maxCalls: number
      readonly serve: Serve
      /** The `onread` of the socket; undefined when the stream of the socket is read. */
      readonly reader: ByteReader | undefined
    },
  ) {
    const { share, clock, maxCalls, serve, reader } = options
    this.#socket = socket
    this.#serve = serve
    this.sender = connectionSender('grpc', socket)
    this.address = addressOf(socket)
    this.#clock = clock
    this.share = share
    this.#idleSince = clock.monotonic()
    this.#http2 = new Http2Connection(socket, {
      clock,
      listener: this,
      windows,
      headLimits,
      maxStreams: maxCalls,
      reader,
    })
  }

  /** Monotonic milliseconds since when it has had no call; `Infinity` while it has calls, and once it is closing. */
  get idleSince(): number {
    return this.#calls.size > 0 || this.#http2.isClosing ? Number.POSITIVE_INFINITY : this.#idleSince
  }

  /** Reserves the memory of a call; false when there is no room. */
  admit(): boolean {
    return this.share.reserve(callBytes)
  }

  /** Adds a call that was admitted. */
  entered(call: OpenCall): void {
    this.#calls.set(call.id, call)
  }

  /** Removes a call. */
  left(call: OpenCall): void {
    if (!this.#calls.delete(call.id)) return
    this.#progress.delete(call)
    this.share.release(callBytes)
    if (this.#calls.size === 0) this.#idleSince = this.#clock.monotonic()
  }

  /** Ends stuck calls, and the connection when its client does not read or when it is idle. */
  look(now: number, rules: ProgressRules): void {
    if (now - (this.#askedAt ?? now) >= rules.stallMs) return this.destroy()
    if (this.#doesNotEndFrame(now, rules)) return this.destroy()
    if (this.#writesSlowly(now, rules)) this.#ask(now)
    for (const call of this.#calls.values()) {
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
    if (rules.idleMs !== null && now - this.idleSince >= rules.idleMs) this.close()
  }

  /** Announces that no more calls are accepted, and closes when there are none. */
  close(): void {
    for (const call of this.#calls.values()) call.drain()
    this.#http2.close()
  }

  /** Closes the connection without waiting, because its room is needed. */
  evict(): void {
    this.#http2.fail(errorCode.noError, 'the connection is closed to make room')
    setImmediate(() => this.destroy())
  }

  /** Cuts the connection and releases what it has reserved. Idempotent. */
  destroy(): void {
    this.#socket.destroy()
    this.share.close()
  }

  // what the HTTP/2 connection calls

  request(stream: Stream, headers: Headers): void {
    this.#serve(this, stream, headers)
  }

  released(bytes: number): void {
    this.share.release(bytes)
  }

  mayHold(bytes: number): boolean {
    return this.share.hasRoom(bytes)
  }

  pong(): void {
    this.#askedAt = undefined
  }

  #ask(now: number): void {
    if (this.#askedAt !== undefined) return
    this.#askedAt = now
    this.#http2.ping()
  }

  /** Whether one write has been in progress for so long that the client may not read any more. */
  #writesSlowly(now: number, { stallMs }: ProgressRules): boolean {
    const { writes, writingBytes } = this.#http2.output
    if (writingBytes === 0 || this.#writing.write !== writes) {
      this.#writing = { write: writes, since: now }
      return false
    }
    return now - this.#writing.since > stallMs * doubtAfter
  }

  /** Whether a frame or a header block has not been completed within `stallMs`. */
  #doesNotEndFrame(now: number, { stallMs }: ProgressRules): boolean {
    const { incompleteFrame } = this.#http2
    if (incompleteFrame < 0 || this.#receiving.frame !== incompleteFrame) {
      this.#receiving = { frame: incompleteFrame, since: now }
      return false
    }
    return now - this.#receiving.since >= stallMs
  }
}
