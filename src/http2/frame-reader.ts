import { errorCode, frameFlag, frameHeadBytes, frameType, maxFrameBytes, preface } from './codes.js'
import { type Fault, protocolError } from './fault.js'

/** A frame other than DATA; its payload is `from` to `to` of `bytes`. The same object is used for all frames. */
export interface Frame {
  type: number
  flags: number
  id: number
  bytes: Buffer
  from: number
  to: number
}

/** Takes what a reader has read. A fault ends the reading. */
export interface FrameSink {
  /** Whether nothing more is to be read. */
  readonly isOver: boolean
  /** Whether nothing more is to be read for now. */
  readonly isFull: boolean
  /** `number`: how many frames have been read, with this one. */
  frame(frame: Frame, number: number): Fault | undefined
  /** A DATA frame has begun; `length` includes padding. Its content follows in calls of `data`, its end in `dataEnded`. */
  dataBegan(id: number, length: number): Fault | undefined
  /** `chunk` is valid only during the call. */
  data(chunk: Buffer): Fault | undefined
  /** `paddedBytes`: padding, with its length. */
  dataEnded(flags: number, paddedBytes: number): Fault | undefined
}

const noBytes: Buffer = Buffer.alloc(0)

const http1 = 'the peer speaks HTTP/1, not HTTP/2'

/**
 * Splits the bytes of a peer into frames (RFC 9113, 4.1).
 *
 * 1. The content of a DATA frame is given on as it arrives, without copying it. Other frames are kept until they are whole.
 * 2. At most one frame is kept, and no memory is taken for more than the largest frame.
 */
export class FrameReader {
  readonly #sink: FrameSink
  readonly #frame: Frame = { type: 0, flags: 0, id: 0, bytes: noBytes, from: 0, to: 0 }
  /** Holds the first `#keptBytes` of an incomplete frame. */
  #kept: Buffer = noBytes
  #keptBytes = 0
  #isGreeted: boolean
  #isWithinData = false
  #dataFlags = 0
  #dataLeft = 0
  #padding = 0
  #paddingLeft = 0
  #fault: Fault | undefined
  /** Number of frames read so far. */
  frames = 0
  /** Bytes that are read once the sink is not full any more. */
  rest: Buffer | undefined = undefined

  /** `expectsPreface`: whether the peer is a client. */
  constructor(sink: FrameSink, expectsPreface: boolean) {
    this.#sink = sink
    this.#isGreeted = !expectsPreface
  }

  /** Whether the beginning of a frame other than DATA waits for its rest. */
  get isWithinFrame(): boolean {
    return this.#keptBytes > 0
  }

  /** Reads the next bytes, until the sink is full. Returns what is wrong with them. Keeps no view of them. */
  push(next: Buffer): Fault | undefined {
    const chunk = this.rest === undefined ? next : Buffer.concat([this.rest, next])
    let at = 0
    while (at < chunk.length && !this.#isStopped && !this.#sink.isFull) {
      if (this.#isWithinData) at = this.#readData(chunk, at)
      else if (this.#keptBytes > 0) at = this.#keep(chunk, at)
      else {
        const next = this.#read(chunk, at)
        at = next === at ? this.#keep(chunk, at) : next
      }
    }
    this.#frame.bytes = noBytes
    this.rest = at < chunk.length && !this.#isStopped ? Buffer.from(chunk.subarray(at)) : undefined
    return this.#fault
  }

  get #isStopped(): boolean {
    return this.#fault !== undefined || this.#sink.isOver
  }

  /** Reads the frame that begins at a position; returns the position behind it, or the same when it is not whole. */
  #read(bytes: Buffer, at: number): number {
    const need = this.#need(bytes, at)
    if (bytes.length - at < need || this.#isStopped) return at
    if (!this.#isGreeted) {
      this.#isGreeted = true
      if (preface.compare(bytes, at, at + need) !== 0)
        this.#fault = protocolError('the connection does not begin with the preface of HTTP/2')
      return at + need
    }
    this.frames++
    const flags = bytes[at + 4]!
    const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
    if (bytes[at + 3] === frameType.data) this.#beginData(bytes, at, { flags, id })
    else {
      const frame = this.#frame
      frame.type = bytes[at + 3]!
      frame.flags = flags
      frame.id = id
      frame.bytes = bytes
      frame.from = at + frameHeadBytes
      frame.to = at + need
      this.#fault = this.#sink.frame(frame, this.frames)
    }
    return at + need
  }

  /** How many bytes are needed to read what begins at a position. */
  #need(bytes: Buffer, at: number): number {
    if (!this.#isGreeted) return preface.length
    if (bytes.length - at < frameHeadBytes) return frameHeadBytes
    const length = lengthOf(bytes, at)
    if (length > maxFrameBytes) {
      this.#fault = {
        code: errorCode.frameSizeError,
        why:
          bytes.toString('latin1', at, at + 5) === 'HTTP/'
            ? http1
            : `a frame has ${length} bytes, more than ${maxFrameBytes}`,
      }
      return frameHeadBytes
    }
    if (bytes[at + 3] !== frameType.data) return frameHeadBytes + length
    return (bytes[at + 4]! & frameFlag.padded) !== 0 && length > 0 ? frameHeadBytes + 1 : frameHeadBytes
  }

  #beginData(
    bytes: Buffer,
    at: number,
    { flags, id }: { readonly flags: number; readonly id: number },
  ): void {
    const length = lengthOf(bytes, at)
    const isPadded = (flags & frameFlag.padded) !== 0
    const padding = isPadded && length > 0 ? bytes[at + frameHeadBytes]! : 0
    if (isPadded && padding >= length) {
      this.#fault = protocolError('a DATA frame has more padding than bytes')
      return
    }
    const padded = isPadded ? padding + 1 : 0
    this.#isWithinData = true
    this.#dataFlags = flags
    this.#dataLeft = length - padded
    this.#padding = padded
    this.#paddingLeft = padding
    this.#fault = this.#sink.dataBegan(id, length)
    if (this.#fault === undefined && this.#dataLeft === 0 && padding === 0) this.#endData()
  }

  #readData(chunk: Buffer, at: number): number {
    let position = at
    if (this.#dataLeft > 0) {
      const to = Math.min(chunk.length, position + this.#dataLeft)
      this.#dataLeft -= to - position
      this.#fault = this.#sink.data(chunk.subarray(position, to))
      position = to
    }
    if (this.#dataLeft === 0 && this.#fault === undefined) {
      const skipped = Math.min(chunk.length - position, this.#paddingLeft)
      this.#paddingLeft -= skipped
      position += skipped
      if (this.#paddingLeft === 0) this.#endData()
    }
    return position
  }

  #endData(): void {
    this.#isWithinData = false
    this.#fault = this.#sink.dataEnded(this.#dataFlags, this.#padding)
  }

  /** Keeps bytes until they are a whole frame, and reads it then; returns the position behind the bytes that it took. */
  #keep(chunk: Buffer, from: number): number {
    let at = from
    for (;;) {
      const need = this.#need(this.#kept.subarray(0, this.#keptBytes), 0)
      if (this.#fault !== undefined) return chunk.length
      if (this.#kept.length < need) this.#kept = grown(this.#kept, need)
      const taken = Math.min(need - this.#keptBytes, chunk.length - at)
      chunk.copy(this.#kept, this.#keptBytes, at, at + taken)
      this.#keptBytes += taken
      at += taken
      if (this.#keptBytes < need) return at
      const whole = this.#kept.subarray(0, need)
      if (this.#need(whole, 0) > need) continue // the head is whole now, and says how much follows
      this.#kept = noBytes
      this.#keptBytes = 0
      this.#read(whole, 0)
      return at
    }
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
}

function grown(bytes: Buffer, size: number): Buffer {
  const larger = Buffer.alloc(size)
  bytes.copy(larger)
  return larger
}
