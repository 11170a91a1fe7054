import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type * as Http2 from 'node:http2'
import type { Clock } from '../../lib/clock.js'

/** As Jina's peers do it (jina.md 4.5). */
const keepaliveMs = 9_999
const keepaliveTimeoutMs = 4_999

/**
 * Pings without a word from the peer between them, as in gRPC's own clients: servers count more of them as an attack and
 * end the connection ("too_many_pings"), a Jina Executor that works for a minute among them.
 */
const silentPings = 2

/**
 * Window of a stream and of the connection. HTTP/2 starts with 64 KiB, so that a response of 100 documents would wait for
 * several window updates; with 1 MiB it comes in one piece.
 */
const windowBytes = 1024 * 1024

/** Node ends a session that holds more than this (in MB); messages are bounded one by one already. */
const sessionMemoryMb = 2 ** 20

export interface SessionOptions {
  readonly tls: boolean
  readonly clock: Clock
  /** The peer takes no new streams, or is gone; told once. */
  onLeaving?(reason: string): void
  /** It is gone; told once. */
  onClosed?(reason: string): void
}

/**
 * One HTTP/2 connection to a peer, for as long as it lives. It keeps the process alive only while streams are open, and
 * looks with pings whether the peer still is.
 */
export class Session {
  readonly #session: ClientHttp2Session
  /** Why it ended; for streams that only learn that they are closed. */
  #error: Error | undefined
  #usable = true
  #connected = false
  #streams = 0
  #pings = 0
  readonly #clock: Clock
  #cancelTimer = (): void => {}

  constructor(
    http2: typeof Http2,
    authority: string,
    { tls, clock, onLeaving = () => {}, onClosed = () => {} }: SessionOptions,
  ) {
    const url = `${tls ? 'https' : 'http'}://${authority}`
    const session = http2.connect(url, {
      settings: { initialWindowSize: windowBytes, enablePush: false },
      maxSessionMemory: sessionMemoryMb,
    })
    this.#session = session
    this.#clock = clock
    session.on('connect', () => {
      this.#connected = true
      // it may have been ended while it was connecting
      if (!session.destroyed) session.setLocalWindowSize(windowBytes)
    })
    session.on('error', (error) => {
      this.#error ??= error
      this.#usable = false
    })
    session.on('goaway', () => {
      if (this.#usable) onLeaving('it takes no more calls')
      this.#usable = false
    })
    session.on('close', () => {
      this.#usable = false
      this.#cancelTimer()
      onClosed(this.#error?.message ?? 'it hung up')
    })
    session.unref()
  }

  /** False when a new stream needs a new session. */
  get usable(): boolean {
    return this.#usable && !this.#session.closed && !this.#session.destroyed
  }

  /** It was there once. */
  get connected(): boolean {
    return this.#connected
  }

  get error(): Error | undefined {
    return this.#error
  }

  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers, { endStream: false })
    if (this.#streams++ === 0) this.#wake()
    stream.once('close', () => {
      if (--this.#streams === 0) this.#sleep()
    })
    return stream
  }

  /** The peer was heard. */
  heard(): void {
    this.#pings = 0
  }

  /** Resolves when the peer has answered a ping; rejects when the connection has ended. */
  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(this.#error ?? new Error('the connection has ended'))
      if (this.#session.destroyed) return lost()
      const sent = this.#session.ping((error) => (error === null ? resolve() : lost()))
      // too many are under way, which are asked of the same peer
      if (!sent) this.#session.once('close', lost)
    })
  }

  /** Streams that are open are cut off. */
  destroy(): void {
    this.#usable = false
    this.#session.destroy()
  }

  #wake(): void {
    this.#session.ref()
    this.#schedule()
  }

  #sleep(): void {
    this.#cancelTimer()
    if (!this.#session.destroyed) this.#session.unref()
  }

  #schedule(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(keepaliveMs, () => this.#ping())
  }

  #ping(): void {
    if (this.#session.destroyed) return
    if (this.#pings++ >= silentPings) return this.#schedule()
    let answered = false
    this.#cancelTimer = this.#clock.after(keepaliveTimeoutMs, () => {
      // this very thread may have been busy all the time: what came meanwhile is read first
      setImmediate(() => setImmediate(() => answered || this.#lose()))
    })
    // false when too many are under way; then the connection is busy enough
    const sent = this.#session.ping((error) => {
      answered = true
      if (error === null && this.#streams > 0) this.#schedule()
    })
    if (!sent) this.#schedule()
  }
  #lose(): void {
    this.#error ??= new Error(`no answer to a ping within ${keepaliveTimeoutMs} ms`)
    this.#session.destroy(this.#error)
  }
}
