import type { BandwidthEstimate } from './bandwidth-estimate.js'
import { errorCode, frameFlag } from './codes.js'
import { measuringPing } from './control-frames.js'
import { type Fault, flowControlError, idleStream, tooMany } from './fault.js'
import type { FloodGuard } from './flood-guard.js'
import type { Stream } from './stream.js'
import type { Streams } from './streams.js'

/**
 * Gives the content of DATA frames to their streams, within the windows that the peer was told (RFC 9113, 6.9).
 *
 * Credit is returned to the connection when data arrives, and to a stream when it is consumed: a paused stream does not stop
 * the others.
 */
export class DataFrames {
  readonly #streams: Streams
  readonly #guard: FloodGuard
  readonly #estimate: BandwidthEstimate
  /** What the peer may send before it gets more credit, and how much of that is left. */
  readonly #windowBytes: number
  #window: number
  #uncredited = 0
  /** The stream of the frame that is being read; undefined when it is closed. */
  #stream: Stream | undefined
  /** Length of that frame, with its padding. */
  #length = 0

  constructor(
    streams: Streams,
    {
      guard,
      estimate,
      windowBytes,
    }: { readonly guard: FloodGuard; readonly estimate: BandwidthEstimate; readonly windowBytes: number },
  ) {
    this.#streams = streams
    this.#guard = guard
    this.#estimate = estimate
    this.#windowBytes = windowBytes
    this.#window = windowBytes
  }

  begin(id: number, length: number): Fault | undefined {
    const streams = this.#streams
    const stream = streams.get(id)
    if (stream === undefined && (id === 0 || id > streams.lastId)) return idleStream('DATA', id)
    this.#stream = stream
    this.#length = length
    this.#window -= length
    if (this.#window < 0) return flowControlError('there is more data than the window of the connection')
    this.#credit(length)
    if (this.#estimate.received(length, stream?.isLarge === true)) this.#measure()
    if (stream === undefined) return this.#closed(id)
    if (stream.isInputEnded) return streams.wrong(stream, errorCode.streamClosed)
    if (!stream.isHeadReceived) return streams.wrong(stream, errorCode.protocolError)
    stream.receiveWindow -= length
    return stream.receiveWindow < 0 ? streams.wrong(stream, errorCode.flowControlError) : undefined
  }

  content(chunk: Buffer): Fault | undefined {
    const stream = this.#stream
    if (stream === undefined || stream.isClosed) return undefined
    stream.missingBytes -= chunk.length
    if (stream.missingBytes < 0) return this.#streams.wrong(stream, errorCode.protocolError)
    stream.listener.data(chunk)
    this.#consumed(stream, chunk.length)
    return undefined
  }

  /** `paddedBytes`: padding, with its length. */
  end(flags: number, paddedBytes: number): Fault | undefined {
    const stream = this.#stream
    this.#stream = undefined
    const contentBytes = this.#length - paddedBytes
    const isLast = (flags & frameFlag.endStream) !== 0
    this.#guard.transferred(contentBytes)
    if (!isLast && contentBytes === 0 && !this.#guard.idleFrames.spend()) return tooMany('empty frames')
    if (stream === undefined || stream.isClosed) return undefined
    if (paddedBytes > 0) this.#consumed(stream, paddedBytes)
    return isLast ? this.inputEnded(stream) : undefined
  }

  /** The peer has ended its side of a stream. */
  inputEnded(stream: Stream): Fault | undefined {
    if (stream.missingBytes !== 0 && stream.missingBytes !== Number.POSITIVE_INFINITY)
      return this.#streams.wrong(stream, errorCode.protocolError)
    stream.isInputEnded = true
    stream.listener.ended()
    if (!stream.isClosed) this.#streams.settle(stream)
    return undefined
  }

  #measure(): void {
    const { output } = this.#streams
    output.outbox.ping(0, measuringPing, 0)
    output.schedule()
  }

  #closed(id: number): Fault | undefined {
    if (this.#streams.wasReset(id)) return undefined // sent before the peer had read the reset
    this.#streams.resetId(id, errorCode.streamClosed)
    return this.#guard.resets.spend() ? undefined : tooMany('data for closed streams')
  }

  #consumed(stream: Stream, bytes: number): void {
    if (stream.isClosed) return
    if (stream.isPaused) stream.heldBytes += bytes
    else this.#streams.credit(stream, bytes)
  }

  #credit(bytes: number): void {
    this.#uncredited += bytes
    if (this.#uncredited < this.#windowBytes / 4) return
    const { output } = this.#streams
    output.outbox.windowUpdate(0, this.#uncredited)
    output.schedule()
    this.#window += this.#uncredited
    this.#uncredited = 0
  }
}
