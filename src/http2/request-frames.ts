import { errorCode } from './codes.js'
import type { DataFrames } from './data-frames.js'
import { type Fault, tooMany, wrongBlock } from './fault.js'
import type { FloodGuard } from './flood-guard.js'
import type { BlockSink } from './header-blocks.js'
import { HpackDecoder } from './hpack/decoder.js'
import { KnownBlock } from './known-block.js'
import { type HeadLimits, type Headers, MessageHead, type Request } from './message-head.js'
import type { Stream } from './stream.js'
import type { Streams } from './streams.js'

export interface RequestListener {
  /** Whether new requests are refused. */
  readonly isDraining: boolean
  /** A request has begun. Sets the listener of its stream. */
  request(stream: Stream, headers: Headers): void
}

export interface RequestFramesOptions {
  readonly streams: Streams
  readonly data: DataFrames
  readonly guard: FloodGuard
  readonly maxStreams: number
  readonly headLimits: HeadLimits
}

/** Reads the header blocks of a client: they begin streams, or are trailers. All are decoded, in order. */
export class RequestFrames implements BlockSink {
  readonly #listener: RequestListener
  readonly #options: RequestFramesOptions
  readonly #hpack = new HpackDecoder()
  readonly #head: MessageHead
  readonly #known = new KnownBlock<Request>()

  constructor(listener: RequestListener, options: RequestFramesOptions) {
    this.#listener = listener
    this.#options = options
    this.#head = new MessageHead(options.headLimits)
  }

  block(id: number, block: Buffer, isEnd: boolean): Fault | undefined {
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
    const known = this.#known.get(block, version)
    if (known !== undefined) return known
    const head = this.#head
    head.begin()
    if (!this.#hpack.decode(block, head)) return null
    const request = head.request()
    if (this.#hpack.version === version) this.#known.set(block, version, request)
    return request
  }
}
