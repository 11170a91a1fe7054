import { errorCode, frameFlag } from './codes.js'
import type { DataFrames } from './data-frames.js'
import { type Fault, protocolError, tooMany } from './fault.js'
import type { FloodGuard } from './flood-guard.js'
import type { Frame } from './frame-reader.js'
import { HeaderBlock } from './header-block.js'
import { HpackDecoder } from './hpack/decoder.js'
import { type HeadLimits, type Headers, type Request, RequestHead } from './request-head.js'
import type { Stream } from './stream.js'
import type { Streams } from './streams.js'

const wrongBlock: Fault = { code: errorCode.compressionError, why: 'a header block cannot be decoded' }

export interface RequestListener {
  /** Whether new requests are refused. */
  readonly isDraining: boolean
  /** A request has begun. Sets the listener of its stream. */
  request(stream: Stream, headers: Headers): void
}

export interface HeaderFramesOptions {
  readonly streams: Streams
  readonly data: DataFrames
  readonly guard: FloodGuard
  readonly maxStreams: number
  readonly headLimits: HeadLimits
}

/** Reads header blocks (RFC 9113, 6.2 and 6.10): they begin streams, or are trailers. All are decoded, in order. */
export class HeaderFrames {
  readonly #listener: RequestListener
  readonly #options: HeaderFramesOptions
  readonly #hpack = new HpackDecoder()
  readonly #block = new HeaderBlock()
  readonly #head: RequestHead
  /** The block that was decoded last without a change of the table, and its meaning. */
  #known: { readonly block: Buffer; readonly version: number; readonly request: Request } | undefined

  constructor(listener: RequestListener, options: HeaderFramesOptions) {
    this.#listener = listener
    this.#options = options
    this.#head = new RequestHead(options.headLimits)
  }

  /** Whether a block has begun and is not complete. */
  get isWithinBlock(): boolean {
    return this.#block.id !== 0
  }

  /** The number of the first frame of that block. */
  get blockNumber(): number {
    return this.#block.number
  }

  /** Takes a HEADERS frame, the `number`th frame of the connection. */
  headers(frame: Frame, number: number): Fault | undefined {
    const { id, flags, bytes } = frame
    let { from, to } = frame
    if (id % 2 === 0) return protocolError(`stream ${id} is not a client’s`)
    if ((flags & frameFlag.padded) !== 0) {
      to -= bytes[from] ?? 0
      from++
    }
    const depends = (flags & frameFlag.priority) !== 0
    if (depends) from += 5
    if (from > to) return protocolError('a HEADERS frame is too short for its flags')
    const dependsOnItself = depends && (bytes.readUInt32BE(from - 5) & 0x7fff_ffff) === id
    if (dependsOnItself) return protocolError(`stream ${id} depends on itself`)
    const block = bytes.subarray(from, to)
    if ((flags & frameFlag.endHeaders) !== 0) return this.#take(id, flags, block)
    this.#block.begin(frame, block, number)
    return undefined
  }

  continuation(frame: Frame): Fault | undefined {
    const block = this.#block.continue(frame)
    if (block === undefined) return undefined
    return block instanceof Uint8Array ? this.#take(frame.id, this.#block.flags, block) : block
  }

  #take(id: number, flags: number, block: Buffer): Fault | undefined {
    const isEnd = (flags & frameFlag.endStream) !== 0
    return id > this.#options.streams.lastId
      ? this.#begin(id, block, isEnd)
      : this.#trailers(id, block, isEnd)
  }

  #begin(id: number, block: Buffer, isEnd: boolean): Fault | undefined {
    const { streams, data, guard, maxStreams } = this.#options
    const request = this.#decode(block)
    if (request === null) return wrongBlock
    streams.lastId = id
    if (this.#listener.isDraining) {
      streams.resetId(id, errorCode.refusedStream) // the peer may send it again on another connection
      return guard.resets.spend() ? undefined : tooMany('calls on a connection that is closing')
    }
    streams.lastServed = id
    const refusal = streams.size >= maxStreams ? errorCode.refusedStream : request.refusal
    if (refusal !== undefined) {
      streams.resetId(id, refusal)
      return guard.resets.spend() ? undefined : tooMany('calls that are refused')
    }
    const stream = streams.begin(id)
    if (request.contentLength >= 0) stream.missingBytes = request.contentLength
    this.#listener.request(stream, request.headers)
    return isEnd && !stream.isClosed ? data.inputEnded(stream) : undefined
  }

  #trailers(id: number, block: Buffer, isEnd: boolean): Fault | undefined {
    const { streams, data, guard } = this.#options
    const stream = streams.get(id)
    const head = this.#head
    head.begin()
    if (!this.#hpack.decode(block, head)) return wrongBlock
    if (stream === undefined) {
      if (streams.wasReset(id))
        return guard.idleFrames.spend() ? undefined : tooMany('headers for closed streams')
      return { code: errorCode.streamClosed, why: `HEADERS are for stream ${id}, which is closed` }
    }
    if (stream.isInputEnded) return streams.wrong(stream, errorCode.streamClosed)
    if (!isEnd || !head.areTrailers) return streams.wrong(stream, errorCode.protocolError)
    if (head.isTooLarge) return streams.wrong(stream, errorCode.enhanceYourCalm)
    return data.inputEnded(stream)
  }

  /** The request in a block; null when the block is wrong. */
  #decode(block: Buffer): Request | null {
    const { version } = this.#hpack
    const known = this.#known
    if (known !== undefined && known.version === version && known.block.equals(block)) return known.request
    const head = this.#head
    head.begin()
    if (!this.#hpack.decode(block, head)) return null
    const request = head.request()
    if (this.#hpack.version === version) this.#known = { block: Buffer.from(block), version, request }
    return request
  }
}
