import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import type { ByteReader } from '../sockets/byte-reader.js'
import { defaultWindowBytes, settingId } from './codes.js'
import { ConnectionCore, type CoreListener, type Windows } from './connection-core.js'
import { type Fault, tooMany } from './fault.js'
import type { FloodLimits } from './flood-guard.js'
import type { HeadLimits, Headers } from './message-head.js'
import type { Output } from './output.js'
import { RequestFrames } from './request-frames.js'
import type { Stream } from './stream.js'

const mostReset = 1024

export interface ConnectionListener {
  /** A request has begun. Sets the listener of its stream. */
  request(stream: Stream, headers: Headers): void
  /** So many bytes of data are no longer held: they were sent, or dropped. */
  released(bytes: number): void
  /** Whether there is memory for so many bytes of one stream. */
  mayHold(bytes: number): boolean
  /** The answer to `ping`. */
  pong(): void
}

export interface ConnectionOptions {
  readonly clock: Clock
  readonly listener: ConnectionListener
  readonly windows: Windows
  readonly maxStreams: number
  readonly headLimits: HeadLimits
  readonly floods?: FloodLimits
  /** The `onread` of the socket. Default: its stream is read. */
  readonly reader?: ByteReader | undefined
}

/** The server's side of an HTTP/2 connection with prior knowledge (RFC 9113), over any duplex socket with all its bytes unread. */
export class Http2Connection implements CoreListener {
  readonly #core: ConnectionCore
  readonly #listener: ConnectionListener

  constructor(
    socket: Socket,
    { clock, listener, windows, maxStreams, headLimits, floods, reader }: ConnectionOptions,
  ) {
    this.#listener = listener
    this.#core = new ConnectionCore(socket, {
      clock,
      listener: this,
      reader,
      windows,
      floods,
      expectsPreface: true,
      mostReset,
      blocks: ({ streams, data, guard }) =>
        new RequestFrames(this, { streams, data, guard, maxStreams, headLimits }),
    })
    const { output } = this
    output.outbox.settings([
      [settingId.maxConcurrentStreams, maxStreams],
      [settingId.initialWindowSize, windows.stream],
      [settingId.maxHeaderListSize, headLimits.maxListBytes],
    ])
    output.outbox.windowUpdate(0, windows.connection - defaultWindowBytes)
    output.schedule()
  }

  get output(): Output {
    return this.#core.output
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#core.streams.size
  }

  /** Whether the connection was told to close. */
  get isClosing(): boolean {
    return !this.#core.shutdown.isOpen
  }

  /** The number of the frame or header block that has begun and is not complete; -1 when there is none. */
  get incompleteFrame(): number {
    return this.#core.incompleteFrame
  }

  ping(): void {
    this.#core.ping()
  }

  /**
   * Closes the connection after its streams. Announces that first, so that no request that is under way is lost: it still
   * takes requests until the peer has answered a ping, at most for a second.
   */
  close(): void {
    this.#core.shutdown.announce()
  }

  /** Closes the connection and its streams at once, and tells the peer why. */
  fail(code: number, why: string): void {
    this.#core.shutdown.fail(code, why)
  }

  // what the core calls

  get isDraining(): boolean {
    return this.#core.shutdown.isDraining
  }

  request(stream: Stream, headers: Headers): void {
    this.#listener.request(stream, headers)
  }

  released(bytes: number): void {
    this.#listener.released(bytes)
  }

  mayHold(bytes: number): boolean {
    return this.#listener.mayHold(bytes)
  }

  removed(): void {}

  pong(): void {
    this.#listener.pong()
  }

  settings(): undefined {}

  willReset(stream: Stream): Fault | undefined {
    const { streams, guard } = this.#core
    return !streams.isRapid(stream) || guard.resets.spend() ? undefined : tooMany('cancelled calls')
  }

  drain(): void {
    this.#core.shutdown.drain()
  }

  goAway(): void {
    this.#core.shutdown.drain()
  }

  fault({ code, why }: Fault): void {
    this.#core.shutdown.fail(code, why)
  }
}
