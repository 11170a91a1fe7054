import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import { defaultWindowBytes, settingId } from './codes.js'
import { ControlFrames, ownPing } from './control-frames.js'
import { DataFrames } from './data-frames.js'
import { FloodGuard, type FloodLimits, floodLimits } from './flood-guard.js'
import { FrameReader } from './frame-reader.js'
import { Frames } from './frames.js'
import { HeaderFrames } from './header-frames.js'
import { Output } from './output.js'
import type { HeadLimits, Headers } from './request-head.js'
import { Shutdown } from './shutdown.js'
import type { Stream } from './stream.js'
import { Streams } from './streams.js'

const noBytes: Buffer = Buffer.alloc(0)

export interface ConnectionListener {
  /** A request has begun. Sets the listener of its stream. */
  request(stream: Stream, headers: Headers): void
  /** So many bytes of data are no longer held: they were sent, or dropped. */
  released(bytes: number): void
  /** The answer to `ping`. */
  pong(): void
}

export interface ConnectionOptions {
  readonly clock: Clock
  readonly listener: ConnectionListener
  /** What the peer may send on a stream, and on all together. */
  readonly windows: { readonly stream: number; readonly connection: number }
  readonly maxStreams: number
  readonly headLimits: HeadLimits
  readonly floods?: FloodLimits
}

/**
 * The server's side of an HTTP/2 connection with prior knowledge (RFC 9113), over any duplex socket with all its bytes unread.
 *
 * `FrameReader` splits what arrives into frames. `Frames` gives them to `HeaderFrames`, `DataFrames` and `ControlFrames`, which
 * change the `Streams`. `Output` sends what streams write. `Shutdown` closes the connection.
 */
export class Http2Connection {
  readonly output: Output
  readonly #socket: Socket
  readonly #listener: ConnectionListener
  readonly #guard: FloodGuard
  readonly #streams: Streams
  readonly #shutdown: Shutdown
  readonly #headers: HeaderFrames
  readonly #frames: Frames
  readonly #reader: FrameReader

  constructor(socket: Socket, options: ConnectionOptions) {
    const { clock, listener, windows, maxStreams, headLimits, floods = floodLimits } = options
    const guard = new FloodGuard(floods, clock)
    const output = new Output(socket, this)
    const streams = new Streams(this, { output, guard, windowBytes: windows.stream, clock })
    const data = new DataFrames(streams, guard, windows.connection)
    this.#socket = socket
    this.#listener = listener
    this.#guard = guard
    this.output = output
    this.#streams = streams
    this.#shutdown = new Shutdown(socket, { clock, output, streams })
    this.#headers = new HeaderFrames(this, { streams, data, guard, maxStreams, headLimits })
    const control = new ControlFrames(this, streams, guard)
    this.#frames = new Frames({ headers: this.#headers, data, control, shutdown: this.#shutdown, output })
    this.#reader = new FrameReader(this.#frames)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.once('close', () => this.#shutdown.closed())
    output.outbox.settings([
      [settingId.maxConcurrentStreams, maxStreams],
      [settingId.initialWindowSize, windows.stream],
      [settingId.maxHeaderListSize, headLimits.maxListBytes],
    ])
    output.outbox.windowUpdate(0, windows.connection - defaultWindowBytes)
    output.schedule()
  }

  /** Number of open streams. */
  get streams(): number {
    return this.#streams.size
  }

  /** Whether the connection was told to close. */
  get isClosing(): boolean {
    return !this.#shutdown.isOpen
  }

  /** The number of the frame or header block that has begun and is not complete; -1 when there is none. */
  get incompleteFrame(): number {
    if (this.#headers.isWithinBlock) return this.#headers.blockNumber
    return this.#reader.isWithinFrame ? this.#reader.frames : -1
  }

  ping(): void {
    if (this.#shutdown.isOver) return
    this.output.outbox.ping(0, ownPing, 0)
    this.output.schedule()
  }

  /**
   * Closes the connection after its streams. Announces that first, so that no request that is under way is lost: it still
   * takes requests until the peer has answered a ping, at most for a second.
   */
  close(): void {
    this.#shutdown.announce()
  }

  /** Closes the connection and its streams at once, and tells the peer why. */
  fail(code: number, why: string): void {
    this.#shutdown.fail(code, why)
  }

  // what the output calls

  written(bytes: number): void {
    if (bytes > 0) {
      this.#guard.transferred(bytes)
      this.#listener.released(bytes)
    }
    if (this.#socket.isPaused() && !this.#shutdown.isOver) this.#receive(noBytes)
  }

  finished(stream: Stream): void {
    this.#streams.settle(stream)
  }

  // what the streams call

  released(bytes: number): void {
    this.#listener.released(bytes)
  }

  emptied(): void {
    this.#shutdown.emptied()
  }

  // what frames call

  get isDraining(): boolean {
    return this.#shutdown.isDraining
  }

  request(stream: Stream, headers: Headers): void {
    this.#listener.request(stream, headers)
  }

  pong(): void {
    this.#listener.pong()
  }

  drain(): void {
    this.#shutdown.drain()
  }

  #receive(chunk: Buffer): void {
    if (this.#shutdown.isOver) return
    const fault = this.#reader.push(chunk)
    if (fault !== undefined) return this.#shutdown.fail(fault.code, fault.why)
    if (this.#frames.isFull) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }
}
