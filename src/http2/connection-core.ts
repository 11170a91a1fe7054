import type { Socket } from 'node:net'
import type { Clock } from '../lib/clock.js'
import type { ByteReader } from '../sockets/byte-reader.js'
import { BandwidthEstimate } from './bandwidth-estimate.js'
import { ControlFrames, type ControlListener, ownPing } from './control-frames.js'
import { DataFrames } from './data-frames.js'
import type { Fault } from './fault.js'
import { FloodGuard, type FloodLimits, floodLimits } from './flood-guard.js'
import { FrameReader } from './frame-reader.js'
import { Frames } from './frames.js'
import { type BlockSink, HeaderBlocks } from './header-blocks.js'
import { Output } from './output.js'
import type { PeerSettings } from './peer-settings.js'
import { Shutdown } from './shutdown.js'
import type { Stream } from './stream.js'
import { Streams } from './streams.js'

const noBytes: Buffer = Buffer.alloc(0)

/** Bytes that the peer may send on a stream, and on all together, before it gets more credit. */
export interface Windows {
  /** At first. It grows when it holds up the peer, at most to the one of the connection. */
  readonly stream: number
  readonly connection: number
}

export interface CoreListener extends Omit<ControlListener, 'measured'> {
  /** Whether there is memory for so many bytes of one stream. */
  mayHold(bytes: number): boolean
  /** So many bytes of data are no longer held: they were sent, or dropped. */
  released(bytes: number): void
  /** The stream has closed. */
  removed(stream: Stream): void
  /** The peer has broken a rule, which must end the connection. */
  fault(fault: Fault): void
}

export interface CoreOptions {
  readonly clock: Clock
  readonly listener: CoreListener
  /** The `onread` of the socket; undefined when the stream of the socket is read. */
  readonly reader: ByteReader | undefined
  readonly windows: Windows
  readonly floods?: FloodLimits | undefined
  /** Whether the peer is a client, which begins with the preface. */
  readonly expectsPreface: boolean
  /** How many streams that this side has reset are remembered, because frames for them may be under way. */
  readonly mostReset: number
  /** Creates the reader of header blocks. */
  readonly blocks: (core: ConnectionCore) => BlockSink
}

/**
 * What the client's and the server's side of a connection share.
 *
 * `FrameReader` splits what arrives into frames. `Frames` gives them to `HeaderBlocks`, `DataFrames` and `ControlFrames`, which
 * change the `Streams`. `Output` sends what streams write. `Shutdown` closes the connection.
 */
export class ConnectionCore implements ControlListener {
  readonly output: Output
  readonly guard: FloodGuard
  readonly streams: Streams
  readonly data: DataFrames
  readonly shutdown: Shutdown
  readonly #socket: Socket
  readonly #listener: CoreListener
  readonly #estimate: BandwidthEstimate
  readonly #headers: HeaderBlocks
  readonly #frames: Frames
  readonly #reader: FrameReader

  constructor(
    socket: Socket,
    {
      clock,
      listener,
      reader,
      windows,
      floods = floodLimits,
      expectsPreface,
      mostReset,
      blocks,
    }: CoreOptions,
  ) {
    const guard = new FloodGuard(floods, clock)
    const output = new Output(socket, this)
    const streams = new Streams(this, { output, guard, windowBytes: windows.stream, mostReset, clock })
    this.#socket = socket
    this.#listener = listener
    this.guard = guard
    this.output = output
    this.streams = streams
    this.#estimate = new BandwidthEstimate(clock, {
      windowBytes: windows.stream,
      mostBytes: windows.connection,
      mayHold: (bytes) => listener.mayHold(bytes),
    })
    this.data = new DataFrames(streams, {
      guard,
      estimate: this.#estimate,
      windowBytes: windows.connection,
    })
    this.shutdown = new Shutdown(socket, { clock, output, streams })
    this.#headers = new HeaderBlocks(blocks(this))
    const control = new ControlFrames(this, streams, guard)
    const { data, shutdown } = this
    this.#frames = new Frames({ headers: this.#headers, data, control, shutdown, output })
    this.#reader = new FrameReader(this.#frames, expectsPreface)
    const receive = (bytes: Buffer): void => this.#receive(bytes)
    if (reader === undefined) socket.on('data', receive)
    else reader.open(receive)
    socket.once('close', () => this.shutdown.closed())
  }

  /** The number of the frame or header block that has begun and is not complete; -1 when there is none. */
  get incompleteFrame(): number {
    if (this.#headers.isWithinBlock) return this.#headers.blockNumber
    return this.#reader.isWithinFrame ? this.#reader.frames : -1
  }

  ping(): void {
    if (this.shutdown.isOver) return
    this.output.outbox.ping(0, ownPing, 0)
    this.output.schedule()
  }

  // what the frames call

  pong(): void {
    this.#listener.pong()
  }

  measured(): void {
    const windowBytes = this.#estimate.answered()
    if (windowBytes !== undefined) this.streams.widen(windowBytes)
  }

  drain(): void {
    this.#listener.drain()
  }

  goAway(lastId: number, code: number, why: string): void {
    this.#listener.goAway(lastId, code, why)
  }

  settings(settings: PeerSettings): Fault | undefined {
    return this.#listener.settings(settings)
  }

  willReset(stream: Stream): Fault | undefined {
    return this.#listener.willReset(stream)
  }

  // what the output calls

  written(bytes: number): void {
    if (bytes > 0) {
      this.guard.transferred(bytes)
      this.#listener.released(bytes)
    }
    if (this.#socket.isPaused() && !this.shutdown.isOver) this.#receive(noBytes)
  }

  finished(stream: Stream): void {
    this.streams.settle(stream)
  }

  // what the streams call

  released(bytes: number): void {
    this.#listener.released(bytes)
  }

  removed(stream: Stream): void {
    this.#listener.removed(stream)
    this.shutdown.emptied()
  }

  #receive(chunk: Buffer): void {
    if (this.shutdown.isOver) return
    const fault = this.#reader.push(chunk)
    if (fault !== undefined) return this.#listener.fault(fault)
    if (this.#frames.isFull) this.#socket.pause()
    else if (this.#socket.isPaused()) this.#socket.resume()
  }
}
