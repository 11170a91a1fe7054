import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import type * as Http2 from 'node:http2'
import type { Clock } from '../../lib/clock.js'

/** The values of Jina's clients (jina.md 4.5). */
const keepaliveMs = 9_999
const keepaliveTimeoutMs = 4_999

/**
 * Pings to send without receiving data, as in gRPC's own clients. Servers treat more of them as an attack and close the
 * connection ("too_many_pings"); so does a Jina Executor that computes for a minute.
 */
const silentPings = 2

/**
 * Window of a stream and of the connection. HTTP/2 starts with 64 KiB, so that a response of 100 documents would wait for
 * several window updates; with 1 MiB it comes in one piece.
 */
const windowBytes = 1024 * 1024

/** Node closes a session that uses more memory (in MB). Effectively off: each message is bounded already. */
const sessionMemoryMb = 2 ** 20

export interface SessionOptions {
  readonly tls: boolean
  readonly clock: Clock
  /** The peer takes no new streams, or the connection has closed. Called once. */
  onLeaving?(reason: string): void
  /** The connection has closed. Called once. */
  onClosed?(reason: string): void
}

/**
 * One HTTP/2 connection to a peer. It keeps the process alive only while streams are open; then it also detects a dead peer
 * by pings.
 */
export class Session {
  readonly #session: ClientHttp2Session
  /** Why it closed; for streams, whose own events do not say why. */
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
      // it may have been destroyed while connecting
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
      onClosed(this.#error?.message ?? 'the peer closed the connection')
    })
    session.unref()
  }

  /** False when a new stream needs a new session. */
  get usable(): boolean {
    return this.#usable && !this.#session.closed && !this.#session.destroyed
  }

  /** Whether it has ever been connected. */
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

  /** Call it when data arrives from the peer. */
  heard(): void {
    this.#pings = 0
  }

  /** Resolves when the peer has answered a ping; rejects when the connection has closed. */
  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(this.#error ?? new Error('the connection has closed'))
      if (this.#session.destroyed) return lost()
      const sent = this.#session.ping((error) => (error === null ? resolve() : lost()))
      // too many pings are outstanding: the connection decides
      if (!sent) this.#session.once('close', lost)
    })
  }

  /** Destroys the connection with its open streams. */
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
      // this thread may have been blocked: first read what has arrived meanwhile
      setImmediate(() => setImmediate(() => answered || this.#lose()))
    })
    // false when too many pings are outstanding; one of them will be answered or time out
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
