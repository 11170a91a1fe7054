import { frameFlag, frameType } from './codes.js'
import type { ControlFrames } from './control-frames.js'
import type { DataFrames } from './data-frames.js'
import { type Fault, protocolError } from './fault.js'
import type { Frame, FrameSink } from './frame-reader.js'
import type { HeaderBlocks } from './header-blocks.js'
import type { Output } from './output.js'
import type { Shutdown } from './shutdown.js'

/**
 * Bytes of waiting frames that answer the peer's, without their messages, which are bounded elsewhere: more is read when the
 * peer has read some. A client's requests do not count, or two peers could wait for each other to read.
 */
const mostWaitingBytes = 64 * 1024

export interface FramesOptions {
  readonly headers: HeaderBlocks
  readonly data: DataFrames
  readonly control: ControlFrames
  readonly shutdown: Shutdown
  readonly output: Output
}

/** Checks the order of frames, and gives each to the part that takes its type. */
export class Frames implements FrameSink {
  readonly #headers: HeaderBlocks
  readonly #data: DataFrames
  readonly #control: ControlFrames
  readonly #shutdown: Shutdown
  readonly #output: Output

  constructor({ headers, data, control, shutdown, output }: FramesOptions) {
    this.#headers = headers
    this.#data = data
    this.#control = control
    this.#shutdown = shutdown
    this.#output = output
  }

  get isOver(): boolean {
    return this.#shutdown.isOver
  }

  /** A peer is not read while it does not read the answers to its frames. */
  get isFull(): boolean {
    const { bytes, dataBytes, requestBytes } = this.#output.outbox
    return bytes - dataBytes - requestBytes > mostWaitingBytes
  }

  frame(frame: Frame, number: number): Fault | undefined {
    const { type } = frame
    if (this.#headers.isWithinBlock && type !== frameType.continuation)
      return protocolError('a header block is interrupted by another frame')
    if (!this.#control.hasSettings && (type !== frameType.settings || (frame.flags & frameFlag.ack) !== 0))
      return protocolError('the first frame is not SETTINGS')
    switch (type) {
      case frameType.headers:
        return this.#headers.headers(frame, number)
      case frameType.continuation:
        return this.#headers.continuation(frame)
      case frameType.windowUpdate:
        return this.#control.windowUpdate(frame)
      case frameType.resetStream:
        return this.#control.resetStream(frame)
      case frameType.ping:
        return this.#control.ping(frame)
      case frameType.settings:
        return this.#control.settings(frame)
      case frameType.goAway:
        return this.#control.goAway(frame)
      case frameType.priority:
        return this.#control.priority(frame)
      case frameType.pushPromise:
        return protocolError('the peer has sent PUSH_PROMISE, which is not allowed here')
      default:
        return this.#control.unknown()
    }
  }

  dataBegan(id: number, length: number): Fault | undefined {
    if (this.#headers.isWithinBlock) return protocolError('a header block is interrupted by DATA')
    if (!this.#control.hasSettings) return protocolError('the first frame is not SETTINGS')
    return this.#data.begin(id, length)
  }

  data(chunk: Buffer): Fault | undefined {
    return this.#data.content(chunk)
  }

  dataEnded(flags: number, paddedBytes: number): Fault | undefined {
    return this.#data.end(flags, paddedBytes)
  }
}
