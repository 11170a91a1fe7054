import type { Socket } from 'node:net'
import { defaultWindowBytes, frameFlag, frameType, largestWindowBytes, maxFrameBytes } from './codes.js'
import { noTable } from './hpack/encoder.js'
import { Outbox } from './outbox.js'
import type { Stream } from './stream.js'

/** At most so many bytes of messages are given to the socket at once. */
const batchBytes = 128 * 1024

/** From so many queued bytes on a stream should not be written to. */
const highWaterBytes = 64 * 1024

/** A stream sends so many frames before it is another stream's turn. */
const framesPerTurn = 4

/** A stream that ends with it has no trailers. */
const noTrailers: Buffer = Buffer.alloc(0)

/** Larger pieces of data are not copied. */
const copiedBytes = 2048

export interface OutputListener {
  /** A write has ended; so many bytes of data are no longer held, because the system has taken them. */
  written(bytes: number): void
  /** The last END_STREAM of a stream's queue was sent. */
  finished(stream: Stream): void
}

/**
 * The sending half of a connection.
 *
 * 1. Frames are sent in the order in which they were given; an acknowledgement of settings precedes all that is sent under
 *    these settings.
 * 2. All frames of one tick are one write. While a write is in progress, further frames wait for its end.
 * 3. Data is sent within the windows of its stream and of the connection; what exceeds them waits in the stream.
 * 4. A stream is in `#ready` when it has data that its own window lets through.
 */
export class Output {
  readonly outbox: Outbox = new Outbox()
  /** What the peer lets a new stream send. */
  initialWindow: number = defaultWindowBytes
  /** What the peer lets all streams send. */
  window: number = defaultWindowBytes
  readonly #socket: Socket
  readonly #listener: OutputListener
  readonly #ready = new Set<Stream>()
  #drained: Stream[] = []
  #isScheduled = false
  #isClosed = false
  #hasSentBlock = false
  /** Bytes of data in the write in progress. */
  #carried = 0
  /** Bytes of the write in progress; 0 when there is none. */
  writingBytes = 0
  /** Number of writes that the system has taken. */
  writes = 0

  constructor(socket: Socket, listener: OutputListener) {
    this.#socket = socket
    this.#listener = listener
  }

  headers(stream: Stream, block: Buffer, isLast: boolean): void {
    const { outbox } = this
    const first = this.#hasSentBlock ? 0 : noTable.length
    const end = isLast ? frameFlag.endStream : 0
    let to = Math.min(block.length, maxFrameBytes - first)
    const isWhole = to === block.length
    outbox.head(frameType.headers, end | (isWhole ? frameFlag.endHeaders : 0), {
      id: stream.id,
      length: to + first,
    })
    if (first > 0) outbox.append(noTable)
    this.#hasSentBlock = true
    outbox.append(block, 0, to)
    while (to < block.length) {
      const from = to
      to = Math.min(block.length, from + maxFrameBytes)
      const flags = to === block.length ? frameFlag.endHeaders : 0
      outbox.head(frameType.continuation, flags, { id: stream.id, length: to - from })
      outbox.append(block, from, to)
    }
    if (isLast) stream.isOutputEnded = true
    this.schedule()
  }

  /** False when no more should be written before the stream has drained. */
  data(stream: Stream, pieces: readonly Buffer[], bytes: number): boolean {
    if (this.#sendNow(stream, pieces, { bytes, flags: 0 })) return true
    this.#queue(stream, pieces, bytes)
    stream.isBlocked = stream.queuedBytes >= highWaterBytes
    return !stream.isBlocked
  }

  /** Sends the last data of a stream that ends without trailers. */
  lastData(stream: Stream, pieces: readonly Buffer[], bytes: number): void {
    if (bytes === 0) return this.end(stream, noTrailers)
    if (this.#sendNow(stream, pieces, { bytes, flags: frameFlag.endStream })) {
      stream.isOutputEnded = true
      return
    }
    this.#queue(stream, pieces, bytes)
    stream.trailers = noTrailers
  }

  /** Sends data at once if it fits into one frame and nothing is before it; otherwise returns false. */
  #sendNow(
    stream: Stream,
    pieces: readonly Buffer[],
    { bytes, flags }: { readonly bytes: number; readonly flags: number },
  ): boolean {
    const { outbox } = this
    const fits = stream.queuedBytes === 0 && bytes <= stream.sendWindow && bytes <= this.window
    if (!fits || bytes > maxFrameBytes || outbox.bytes + bytes > batchBytes) return false
    outbox.head(frameType.data, flags, { id: stream.id, length: bytes })
    for (const piece of pieces) this.#put(piece, 0, piece.length)
    this.#sent(stream, bytes)
    this.schedule()
    return true
  }

  #queue(stream: Stream, pieces: readonly Buffer[], bytes: number): void {
    stream.queue ??= []
    for (const piece of pieces) if (piece.length > 0) stream.queue.push(piece)
    stream.queuedBytes += bytes
    if (stream.sendWindow > 0) this.#ready.add(stream)
    this.schedule()
  }

  /** Ends this side of a stream, after its queue. */
  end(stream: Stream, trailers: Buffer): void {
    if (stream.queuedBytes > 0 || stream.id === 0) stream.trailers = trailers
    else this.#end(stream, trailers)
  }

  /** The stream has got its id and its window, and its head was sent. */
  begin(stream: Stream): void {
    if (stream.queuedBytes > 0) this.open(stream)
    else if (stream.trailers !== undefined) this.#end(stream, stream.trailers)
  }

  /** The stream's window has grown, to a positive size. */
  open(stream: Stream): void {
    if (stream.queuedBytes === 0) return
    this.#ready.add(stream)
    this.schedule()
  }

  /** Adds to the window of the connection; false when it becomes larger than allowed. */
  widen(bytes: number): boolean {
    this.window += bytes
    if (this.#ready.size > 0) this.schedule()
    return this.window <= largestWindowBytes
  }

  /** Drops what the stream has queued; returns the number of bytes. */
  drop(stream: Stream): number {
    const bytes = stream.queuedBytes
    this.#ready.delete(stream)
    stream.queue = undefined
    stream.queuedBytes = 0
    return bytes
  }

  /** Sends at the end of the tick. */
  schedule(): void {
    if (this.#isScheduled || this.writingBytes > 0) return
    this.#isScheduled = true
    process.nextTick(flush, this)
  }

  flush(): void {
    this.#isScheduled = false
    if (this.writingBytes > 0 || this.#isClosed) return
    const { outbox } = this
    if (this.#ready.size > 0) this.#pump()
    if (outbox.bytes > 0) {
      this.writingBytes = outbox.bytes
      this.#carried = outbox.dataBytes
      outbox.writeTo(this.#socket, this.#written)
    }
    if (this.#drained.length > 0) this.#tellDrained()
  }

  /** Sends what is in the outbox, drops what waits in streams, and ends this side of the socket. */
  finish(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ready.clear()
    if (this.outbox.bytes > 0) this.outbox.writeTo(this.#socket, nothing)
    this.#socket.end()
  }

  /** Sends nothing any more. */
  close(): void {
    this.#isClosed = true
    this.#ready.clear()
    this.outbox.clear()
  }

  readonly #written = (): void => {
    const carried = this.#carried
    this.writingBytes = 0
    this.#carried = 0
    this.writes++
    this.#listener.written(carried)
    if (this.outbox.bytes > 0 || this.#ready.size > 0) this.flush()
  }

  #pump(): void {
    const { outbox } = this
    while (this.#ready.size > 0 && this.window > 0 && outbox.bytes < batchBytes) {
      const [stream] = this.#ready as Iterable<Stream> as [Stream]
      this.#ready.delete(stream)
      for (let frame = 0; frame < framesPerTurn; frame++) {
        const bytes = Math.min(maxFrameBytes, stream.queuedBytes, stream.sendWindow, this.window)
        if (bytes <= 0) break
        this.#frame(stream, bytes)
      }
      this.#afterTurn(stream)
    }
  }

  #afterTurn(stream: Stream): void {
    if (stream.queuedBytes === 0) {
      stream.queue = undefined
      if (stream.trailers !== undefined && !stream.isOutputEnded) this.#end(stream, stream.trailers)
      if (stream.isOutputEnded) this.#listener.finished(stream)
    } else if (stream.sendWindow > 0) this.#ready.add(stream)
    if (!stream.isBlocked || stream.queuedBytes >= highWaterBytes) return
    stream.isBlocked = false
    this.#drained.push(stream)
  }

  /** Moves so many bytes from the stream's queue into a DATA frame. */
  #frame(stream: Stream, bytes: number): void {
    const queue = stream.queue!
    const isLast = bytes === stream.queuedBytes && stream.trailers?.length === 0
    this.outbox.head(frameType.data, isLast ? frameFlag.endStream : 0, { id: stream.id, length: bytes })
    if (isLast) stream.isOutputEnded = true
    let left = bytes
    while (left > 0) {
      const piece = queue[0]!
      const from = stream.queueAt
      const to = Math.min(piece.length, from + left)
      this.#put(piece, from, to)
      left -= to - from
      stream.queueAt = to
      if (to < piece.length) break
      queue.shift()
      stream.queueAt = 0
    }
    stream.queuedBytes -= bytes
    this.#sent(stream, bytes)
  }

  #put(piece: Buffer, from: number, to: number): void {
    if (to - from <= copiedBytes) this.outbox.append(piece, from, to)
    else this.outbox.refer(to - from === piece.length ? piece : piece.subarray(from, to))
  }

  #sent(stream: Stream, bytes: number): void {
    stream.sendWindow -= bytes
    this.window -= bytes
    this.outbox.dataBytes += bytes
  }

  #end(stream: Stream, trailers: Buffer): void {
    stream.trailers = undefined
    if (trailers.length > 0) return this.headers(stream, trailers, true)
    this.outbox.head(frameType.data, frameFlag.endStream, { id: stream.id, length: 0 })
    stream.isOutputEnded = true
    this.schedule()
  }

  #tellDrained(): void {
    const drained = this.#drained
    this.#drained = []
    for (const stream of drained) if (!stream.isClosed) stream.listener.drained()
  }
}

function flush(output: Output): void {
  output.flush()
}

function nothing(): void {}
