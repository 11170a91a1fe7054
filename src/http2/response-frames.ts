import { errorCode } from './codes.js'
import type { DataFrames } from './data-frames.js'
import { type Fault, idleStream, tooMany, wrongBlock } from './fault.js'
import type { FloodGuard } from './flood-guard.js'
import type { BlockSink } from './header-blocks.js'
import { HpackDecoder } from './hpack/decoder.js'
import { KnownBlock } from './known-block.js'
import { type HeadLimits, type Headers, MessageHead, type Response } from './message-head.js'
import type { Stream } from './stream.js'
import type { Streams } from './streams.js'

export interface ResponseFramesOptions {
  readonly streams: Streams
  readonly data: DataFrames
  readonly guard: FloodGuard
  readonly headLimits: HeadLimits
}

/** Fields behind the content of a response. */
interface Trailers {
  readonly headers: Headers
  /** Why they are wrong, as an error code. */
  readonly refusal: number | undefined
}

/** HTTP/2 has no switch of protocols (RFC 9113, 8.6). */
const switchingProtocols = 101

/**
 * Reads the header blocks of a server: informational responses, heads and trailers (RFC 9113, 8.1). All are decoded, in order.
 * Responses to HEAD are not supported: a `content-length` is always that of the content.
 */
export class ResponseFrames implements BlockSink {
  readonly #options: ResponseFramesOptions
  readonly #hpack = new HpackDecoder()
  readonly #head: MessageHead
  readonly #knownHead = new KnownBlock<Response>()
  readonly #knownTrailers = new KnownBlock<Trailers>()

  constructor(options: ResponseFramesOptions) {
    this.#options = options
    this.#head = new MessageHead(options.headLimits)
  }

  block(id: number, block: Buffer, isEnd: boolean): Fault | undefined {
    const { streams } = this.#options
    if (id > streams.lastId) return idleStream('HEADERS', id)
    const stream = streams.get(id)
    if (stream === undefined) return this.#closed(id, block)
    if (!stream.isHeadReceived) return this.#begin(stream, block, isEnd)
    const trailers = this.#trailers(block)
    if (trailers === null) return wrongBlock
    if (stream.isInputEnded) return streams.wrong(stream, errorCode.streamClosed)
    const refusal = isEnd ? trailers.refusal : errorCode.protocolError
    if (refusal !== undefined) return streams.wrong(stream, refusal)
    stream.listener.trailers?.(trailers.headers)
    return stream.isClosed ? undefined : this.#options.data.inputEnded(stream)
  }

  #begin(stream: Stream, block: Buffer, isEnd: boolean): Fault | undefined {
    const { streams, data, guard } = this.#options
    const response = this.#response(block)
    if (response === null) return wrongBlock
    if (response.refusal !== undefined) return streams.wrong(stream, response.refusal)
    if (response.status < 200) {
      if (isEnd || response.status === switchingProtocols)
        return streams.wrong(stream, errorCode.protocolError)
      return guard.idleFrames.spend() ? undefined : tooMany('informational responses')
    }
    stream.isHeadReceived = true
    if (response.contentLength >= 0) stream.missingBytes = response.contentLength
    stream.listener.head?.(response)
    return isEnd && !stream.isClosed ? data.inputEnded(stream) : undefined
  }

  /** Headers for a stream that is not open, perhaps because this side has reset it. */
  #closed(id: number, block: Buffer): Fault | undefined {
    const { streams, guard } = this.#options
    if (this.#trailers(block) === null) return wrongBlock
    if (streams.isLateBlock(id)) return undefined
    return guard.resets.spend() ? undefined : tooMany('headers for closed streams')
  }

  /** The head in a block; null when the block is wrong. */
  #response(block: Buffer): Response | null {
    const { version } = this.#hpack
    const known = this.#knownHead.get(block, version)
    if (known !== undefined) return known
    if (!this.#decode(block)) return null
    const response = this.#head.response()
    if (this.#hpack.version === version) this.#knownHead.set(block, version, response)
    return response
  }

  /** The trailers in a block; null when the block is wrong. */
  #trailers(block: Buffer): Trailers | null {
    const { version } = this.#hpack
    const known = this.#knownTrailers.get(block, version)
    if (known !== undefined) return known
    if (!this.#decode(block)) return null
    const { headers, isTooLarge, areTrailers } = this.#head
    const refusal = isTooLarge ? errorCode.enhanceYourCalm : areTrailers ? undefined : errorCode.protocolError
    const trailers = { headers, refusal }
    if (this.#hpack.version === version) this.#knownTrailers.set(block, version, trailers)
    return trailers
  }

  #decode(block: Buffer): boolean {
    this.#head.begin()
    return this.#hpack.decode(block, this.#head)
  }
}
