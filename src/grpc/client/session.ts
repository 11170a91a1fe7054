import type { Clock } from '../../lib/clock.js'
import { ClientConnection, type ClientListener } from '../../http2/client-connection.js'
import type { Stream, StreamListener } from '../../http2/stream.js'
import { isRefusedHandshake } from '../../tls/refused-handshake.js'
import type { Dialled } from './dial.js'

/** The values of Jina's clients (jina.md 4.5). */
const keepaliveMs = 9_999
const keepaliveTimeoutMs = 4_999

/**
 * Pings to send without receiving data, as in gRPC's own clients. Servers treat more of them as an attack and close the
 * connection ("too_many_pings"); so does a Jina Executor that computes for a minute.
 */
const silentPings = 2

/**
 * Flow-control windows. HTTP/2 starts with 64 KiB, so that a response of 100 documents would wait for several window updates;
 * with 1 MiB it comes in one piece.
 */
const windows = { stream: 1024 * 1024, connection: 16 * 1024 * 1024 } as const

/** Limits on the headers of an answer. */
const headLimits = { maxListBytes: 64 * 1024, maxFields: 128 } as const

export interface SessionOptions {
  readonly clock: Clock
  /** The peer takes no new streams, or the connection has closed. Called once. */
  onLeaving?(reason: string): void
  /** The connection has closed. Called once. */
  onClosed?(reason: string): void
}

/** Waits for the answer to a ping. */
interface Asked {
  /** The number of that ping. */
  readonly ping: number
  resolve(): void
  reject(error: Error): void
}

/**
 * One HTTP/2 connection to a peer. It keeps the process alive only while streams are open; then it also detects a dead peer
 * by pings.
 */
export class Session implements ClientListener {
  readonly #connection: ClientConnection
  readonly #socket: Dialled['socket']
  readonly #clock: Clock
  /** Hears of the end; nobody once it has been retired. */
  #owner: Pick<SessionOptions, 'onLeaving' | 'onClosed'>
  /** Why it closed. */
  #error: Error | undefined
  #isClosed = false
  #connected = false
  #streams = 0
  /** Pings since data was received. */
  #silentPings = 0
  /** Numbers of the last ping, and of the last that was answered: answers come in order. */
  #pings = 0
  #pongs = 0
  #asked: Asked[] = []
  #cancelTimer = (): void => {}

  constructor({ socket, connected, reader }: Dialled, options: SessionOptions) {
    this.#socket = socket
    this.#clock = options.clock
    this.#owner = options
    // before the connection's own listener, so that its streams know why they are lost
    socket.once('close', () => (this.#isClosed = true))
    this.#connection = new ClientConnection(socket, {
      clock: options.clock,
      listener: this,
      windows,
      headLimits,
      reader,
    })
    socket.once(connected, () => (this.#connected = true))
    socket.on('error', (error) => {
      this.#error ??= error
      if (isRefusedHandshake(error)) this.#connected = false
    })
    socket.once('close', () => this.#closed())
    socket.unref()
  }

  /** False when a new stream needs a new session. */
  get isUsable(): boolean {
    return this.#connection.isOpen && this.#error === undefined && !this.#isClosed
  }

  /** Whether it has used up all its streams. */
  get isExhausted(): boolean {
    return this.#connection.isExhausted
  }

  /** Whether it has ever been connected, to a server that accepts this client. */
  get isConnected(): boolean {
    return this.#connected
  }

  /** Why it closed; undefined when the peer gave no reason. */
  get error(): Error | undefined {
    const { failure } = this.#connection
    return this.#error ?? (failure === undefined ? undefined : new Error(failure))
  }

  /** Opens a stream with its head, a header block; undefined when too many wait for the peer already. */
  request(block: Buffer, listener: StreamListener): Stream | undefined {
    const stream = this.#connection.request(block, listener)
    if (stream !== undefined && this.#streams++ === 0) this.#wake()
    return stream
  }

  /** Call it when a stream has closed. */
  released(): void {
    if (--this.#streams === 0) this.#sleep()
  }

  /** Call it when data arrives from the peer. */
  heard(): void {
    this.#silentPings = 0
  }

  /** Resolves when the peer has answered a ping; rejects when the connection has closed. */
  ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed || this.#connection.isOver) return reject(this.error ?? closedError())
      this.#asked.push({ ping: this.#ping(), resolve, reject })
    })
  }

  /** Makes no new requests, and closes the connection when the open ones have ended. The owner is not told. */
  retire(): void {
    this.#owner = {}
    this.#connection.close()
  }

  /** Closes the connection with its open streams. */
  destroy(): void {
    this.#connection.destroy()
    if (!this.#connected) this.#socket.destroy()
  }

  // what the connection calls

  leaving(): void {
    this.#owner.onLeaving?.('it takes no more calls')
  }

  pong(): void {
    this.#pongs++
    let answered = 0
    while (answered < this.#asked.length && this.#asked[answered]!.ping <= this.#pongs)
      this.#asked[answered++]!.resolve()
    if (answered > 0) this.#asked = this.#asked.slice(answered)
  }

  #closed(): void {
    this.#cancelTimer()
    const { error } = this
    for (const { reject } of this.#asked.splice(0)) reject(error ?? closedError())
    this.#owner.onClosed?.(error?.message ?? 'the peer closed the connection')
  }

  #wake(): void {
    this.#socket.ref()
    this.#schedule()
  }

  #sleep(): void {
    this.#cancelTimer()
    this.#socket.unref()
  }

  #schedule(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(keepaliveMs, () => this.#probe())
  }

  #ping(): number {
    this.#connection.ping()
    return ++this.#pings
  }

  #probe(): void {
    if (this.#isClosed) return
    if (this.#silentPings++ >= silentPings) return this.#schedule()
    let isAnswered = false
    this.#cancelTimer = this.#clock.after(keepaliveTimeoutMs, () => {
      // this thread may have been blocked: first read what has arrived meanwhile
      setImmediate(() => setImmediate(() => isAnswered || this.#lose()))
    })
    const resolve = (): void => {
      isAnswered = true
      if (this.#streams > 0) this.#schedule()
    }
    this.#asked.push({ ping: this.#ping(), resolve, reject() {} })
  }

  #lose(): void {
    this.#error ??= new Error(`no answer to a ping within ${keepaliveTimeoutMs} ms`)
    this.#socket.destroy(this.#error)
  }
}

function closedError(): Error {
  return new Error('the connection has closed')
}
