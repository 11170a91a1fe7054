import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import type { ByteReader } from '../sockets/byte-reader.js'
import { defaultWindowBytes, errorCode, preface, settingId } from './codes.js'
import { ConnectionCore, type CoreListener, type Windows } from './connection-core.js'
import { type Fault, protocolError } from './fault.js'
import type { FloodLimits } from './flood-guard.js'
import type { HeadLimits } from './message-head.js'
import type { PeerSettings } from './peer-settings.js'
import { ResponseFrames } from './response-frames.js'
import type { Stream, StreamListener } from './stream.js'

/**
 * Requests that are sent before the peer's SETTINGS say how many it takes: a few, so that a new connection costs no round trip.
 * Servers refuse what exceeds their limit, also when they have not announced it yet; grpcio does so with a code that does not
 * say that the call did not run.
 */
const streamsBeforeSettings = 4

/** A client may cancel all its calls at once, and their answers may all be under way. */
const mostReset = 32_768

/** Requests that wait because the peer takes no more at once. */
const mostWaiting = 10_000

const lastStreamId = 2 ** 31 - 1

export interface ClientListener {
  /** The peer takes no more requests on this connection, or has broken a rule. Called at most once. */
  leaving(): void
  /** The answer to `ping`. */
  pong(): void
}

export interface ClientConnectionOptions {
  readonly clock: Clock
  readonly listener: ClientListener
  readonly windows: Windows
  readonly headLimits: HeadLimits
  readonly floods?: FloodLimits
  /** The `onread` of the socket. Default: its stream is read. */
  readonly reader?: ByteReader | undefined
}

/**
 * The client's side of an HTTP/2 connection with prior knowledge (RFC 9113), over any duplex socket with all its bytes unread,
 * which may still be connecting. The socket's `error` and `close` events are its owner's.
 *
 * 1. A request is open, or waits because the peer takes no more at once. Requests are opened in order.
 * 2. What is told to the streams when the peer leaves is true: streams above the last one that it names, and those that wait,
 *    are `unprocessed`.
 */
export class ClientConnection implements CoreListener {
  readonly #core: ConnectionCore
  readonly #listener: ClientListener
  /** Requests that wait, with the blocks of their heads. */
  readonly #waiting = new Map<Stream, Buffer>()
  #maxStreams = streamsBeforeSettings
  #nextId = 1
  #hasSettings = false
  #isLeaving = false
  #failure: string | undefined

  constructor(
    socket: Socket,
    { clock, listener, windows, headLimits, floods, reader }: ClientConnectionOptions,
  ) {
    this.#listener = listener
    this.#core = new ConnectionCore(socket, {
      clock,
      listener: this,
      reader,
      windows,
      floods,
      expectsPreface: false,
      mostReset,
      blocks: ({ streams, data, guard }) => new ResponseFrames({ streams, data, guard, headLimits }),
    })
    socket.once('close', () => this.#dropWaiting())
    const { output } = this.#core
    output.outbox.append(preface)
    output.outbox.settings([
      [settingId.enablePush, 0],
      [settingId.initialWindowSize, windows.stream],
      [settingId.maxHeaderListSize, headLimits.maxListBytes],
    ])
    output.outbox.windowUpdate(0, windows.connection - defaultWindowBytes)
    output.schedule()
  }

  /** Whether a request can still be made. */
  get isOpen(): boolean {
    return !this.#isLeaving && this.#core.shutdown.isOpen && this.#nextId <= lastStreamId
  }

  /** Whether it has used up all numbers of streams. */
  get isExhausted(): boolean {
    return this.#nextId > lastStreamId
  }

  /** Whether nothing is read any more. */
  get isOver(): boolean {
    return this.#core.shutdown.isOver
  }

  /** Why the connection ends: what the peer did wrong, or its reason; undefined while neither is known. */
  get failure(): string | undefined {
    return this.#failure
  }

  /**
   * Makes a request, which the returned stream goes on to write; undefined when too many wait already. `block`: the head, as a
   * header block, valid only during the call. The connection must be open.
   */
  request(block: Buffer, listener: StreamListener): Stream | undefined {
    if (this.#isFull && this.#waiting.size >= mostWaiting) return undefined
    const stream = this.#core.streams.prepare()
    stream.listener = listener
    if (this.#isFull) this.#waiting.set(stream, Buffer.from(block))
    else this.#open(stream, block)
    return stream
  }

  ping(): void {
    this.#core.ping()
  }

  /** Makes no more requests, and closes the connection after those that are open. */
  close(): void {
    this.#isLeaving = true
    this.#dropWaiting()
    this.#core.shutdown.drain()
  }

  /** Closes the connection and its streams at once. */
  destroy(): void {
    this.#isLeaving = true
    this.#core.shutdown.fail(errorCode.noError, '')
    this.#dropWaiting()
  }

  // what the core calls

  released(): void {}

  /** The answers that a client has asked for are its own. */
  mayHold(): boolean {
    return true
  }

  removed(stream: Stream): void {
    if (stream.id === 0) this.#waiting.delete(stream)
    else if (this.#waiting.size > 0) this.#openWaiting()
  }

  pong(): void {
    this.#listener.pong()
  }

  settings({ maxStreams, isPushEnabled }: PeerSettings): Fault | undefined {
    if (isPushEnabled === true) return protocolError('a server has enabled SETTINGS_ENABLE_PUSH')
    if (maxStreams !== undefined) this.#maxStreams = maxStreams
    else if (!this.#hasSettings) this.#maxStreams = Number.POSITIVE_INFINITY
    this.#hasSettings = true
    this.#openWaiting()
    return undefined
  }

  willReset(): undefined {}

  /** Only servers close in two steps. */
  drain(): void {}

  goAway(lastId: number, code: number, why: string): void {
    if (code !== errorCode.noError)
      this.#failure ??= `the peer closed it with HTTP/2 code ${code}${why === '' ? '' : ` (${why})`}`
    this.#leave()
    this.#core.streams.removeAbove(lastId)
    this.#dropWaiting()
    this.#core.shutdown.drain()
  }

  fault({ code, why }: Fault): void {
    this.#failure ??= `${why} (HTTP/2 code ${code})`
    this.#leave()
    this.#core.shutdown.fail(code, why)
    this.#dropWaiting()
  }

  get #isFull(): boolean {
    return this.#core.streams.size >= this.#maxStreams || this.#waiting.size > 0
  }

  #leave(): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    this.#listener.leaving()
  }

  #open(stream: Stream, block: Buffer): void {
    const { streams, output } = this.#core
    streams.open(stream, this.#nextId)
    this.#nextId += 2
    const { outbox } = output
    const before = outbox.bytes
    output.headers(stream, block, false)
    outbox.requestBytes += outbox.bytes - before
  }

  #openWaiting(): void {
    const { streams, output } = this.#core
    for (const [stream, block] of this.#waiting) {
      if (streams.size >= this.#maxStreams || this.#core.shutdown.isOver) return
      if (this.#nextId > lastStreamId) return this.#dropWaiting()
      this.#waiting.delete(stream)
      this.#open(stream, block)
      output.begin(stream)
    }
  }

  /** The requests that wait will not be sent. */
  #dropWaiting(): void {
    for (const stream of this.#waiting.keys())
      this.#core.streams.remove(stream, errorCode.refusedStream, 'unprocessed')
  }
}
