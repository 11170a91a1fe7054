import { unbounded } from '../../budget/budget.js'
import type { Call } from '../../call/call.js'
import type { AbortListener } from '../../call/cancellation.js'
import { MillraceError } from '../../errors.js'
import { errorCode } from '../../http2/codes.js'
import type { Headers, Response } from '../../http2/message-head.js'
import type { Stream, StreamEnd, StreamListener } from '../../http2/stream.js'
import { systemClock } from '../../lib/clock.js'
import { deadlinesOf, type Timed, type Watched } from '../../lib/deadlines.js'
import { CompressedMessages } from '../compressed-messages.js'
import { decompress } from '../compression.js'
import { framed, prefixBytes } from '../frame.js'
import { MessageReader, type MessageReaderOptions } from '../message-reader.js'
import { GrpcFailure, type GrpcStatus } from '../status.js'
import { codeOfHttpStatus, grpcCode, statusCode } from '../status-codes.js'
import { statusOf, statusOfEnd } from './answer-status.js'
import type { Session } from './session.js'

export interface CallListener {
  onMessage(message: Uint8Array): void
  /** Called once, last; also after `cancel()`. `reason`: why the call was aborted. */
  onEnd(status: GrpcStatus, reason: MillraceError | undefined): void
  /** More should be sent, after `hasRoom` was false. */
  onDrain?(): void
}

export interface ClientCallOptions {
  readonly maxMessageBytes: number
  /** Messages are compressed, and may be answered compressed. The head must say so. Default false. */
  readonly isCompressed?: boolean
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
  /** Aborting it cancels the RPC. */
  readonly call: Pick<Call, 'aborted' | 'onAbort' | 'offAbort'> | undefined
  readonly listener: CallListener
}

const noTrailers: Buffer = Buffer.alloc(0)

const deadlines = deadlinesOf(systemClock)

/** Smaller messages are sent as they are; so does the gateway by default. */
const leastCompressedBytes = 1024

/** The peer takes few calls at once, and very many wait. */
const tooManyWaiting: GrpcStatus = {
  code: grpcCode.unavailable,
  details: 'too many calls wait for the peer, which takes no more at once',
  here: true,
  notRun: true,
}

/**
 * One RPC on one HTTP/2 stream, with messages in both directions.
 *
 * 1. `onEnd` is called exactly once, and nothing after it.
 * 2. Messages keep their order, also those that are compressed or decompressed in another thread.
 * 3. However the RPC ends, its HTTP/2 stream is closed, so that the peer stops, and what waits to be sent is dropped.
 */
export class ClientCall implements Timed, AbortListener, StreamListener, MessageReaderOptions {
  watched: Watched | undefined = undefined
  readonly deadline: number
  readonly maxMessageBytes: number
  readonly account = unbounded
  readonly #session: Session
  readonly #listener: CallListener
  readonly #call: ClientCallOptions['call']
  readonly #reader: MessageReader
  readonly #stream: Stream
  /** Undefined when messages are not compressed. */
  readonly #compressed: CompressedMessages | undefined
  /** The `grpc-encoding` of the answers. */
  #encoding = 'identity'
  /** The status from the peer's headers or trailers. */
  #status: GrpcStatus | undefined
  #reason: MillraceError | undefined
  #isOver = false

  /** Sends the head, a header block. Throws GrpcFailure when too many calls wait already. */
  constructor(
    session: Session,
    head: Buffer,
    { maxMessageBytes, isCompressed = false, deadline, call, listener }: ClientCallOptions,
  ) {
    this.#session = session
    this.deadline = deadline
    this.maxMessageBytes = maxMessageBytes
    this.#listener = listener
    this.#call = call
    this.#reader = new MessageReader(this)
    this.#compressed = isCompressed ? this.#compression() : undefined
    const stream = session.request(head, this)
    if (stream === undefined) throw new GrpcFailure(tooManyWaiting)
    this.#stream = stream
    deadlines.watch(this)
    call?.onAbort(this)
  }

  /** False when the sender should wait for `onDrain`. */
  get hasRoom(): boolean {
    return this.#stream.isClosed || !(this.#stream.isBlocked || this.#compressed?.isBusy === true)
  }

  /** A message above the limit ends the RPC with RESOURCE_EXHAUSTED. The message must not change afterwards. */
  write(message: Uint8Array): void {
    if (this.#isOver || !this.#fits(message)) return
    if (this.#compressed !== undefined) this.#compressed.send([message], message.length)
    else this.#stream.write(framed([message], message.length), message.length + prefixBytes)
  }

  /** Sends the last message. */
  finish(message: Uint8Array): void {
    if (this.#isOver || !this.#fits(message)) return
    if (this.#compressed !== undefined) {
      this.#compressed.send([message], message.length)
      this.end()
    } else this.#stream.endWith(framed([message], message.length), message.length + prefixBytes)
  }

  /** Half-closes: no more messages are sent. */
  end(): void {
    if (this.#compressed === undefined) this.#stream.end(noTrailers)
    else this.#compressed.afterwards(() => this.#stream.end(noTrailers))
  }

  /** Lets the peer send no more than its window. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  cancel(): void {
    this.#end({ code: grpcCode.cancelled, details: 'cancelled by this side', here: true })
  }

  abort(reason: MillraceError): void {
    this.#reason ??= reason
    this.cancel()
  }

  expire(): void {
    this.#end({ code: grpcCode.deadlineExceeded, details: 'the deadline passed', here: true })
  }

  // what the stream calls

  head({ headers, status }: Response): void {
    this.#session.heard()
    const encoding = headers['grpc-encoding']
    if (headers['grpc-status'] !== undefined) this.#status = statusOf(headers)
    else if (status !== 200)
      this.#end({ code: codeOfHttpStatus(status), details: `HTTP status ${status}`, here: true })
    else if (encoding !== undefined && encoding !== 'identity') this.#expect(encoding)
  }

  data(chunk: Buffer): void {
    this.#session.heard()
    this.#reader.push(chunk)
  }

  trailers(headers: Headers): void {
    this.#status = statusOf(headers)
  }

  /** The status takes effect once everything before it has been read. */
  ended(): void {
    const status = this.#status
    if (status === undefined) return // until the stream has closed
    if (this.#reader.isBusy) return this.#reader.end() // `onEnd` follows
    const isCut = status.code === grpcCode.ok && this.#reader.isWithinMessage
    this.#end(isCut ? cut : status)
  }

  drained(): void {
    if (this.#compressed?.isBusy !== true) this.#listener.onDrain?.()
  }

  closed(code: number, end: StreamEnd): void {
    this.#session.released()
    if (this.#isOver || (this.#status !== undefined && this.#reader.isBusy)) return
    this.#end(this.#status ?? statusOfEnd(code, end, this.#session))
  }

  // what the reader calls

  /** Rejects with MALFORMED, and RESOURCE_EXHAUSTED for more than `maxMessageBytes`. */
  async inflate(bytes: Uint8Array): Promise<Uint8Array> {
    if (this.#compressed === undefined) throw uninvited()
    const { maxMessageBytes: maxBytes, account } = this
    return decompress(bytes, this.#encoding, { maxBytes, account })
  }

  onMessage(message: Uint8Array): void {
    if (!this.#isOver) this.#listener.onMessage(message)
  }

  /** The last answer has been decompressed after the status arrived. */
  onEnd(): void {
    if (this.#status !== undefined) this.#end(this.#status)
  }

  /** Ends the RPC because an answer cannot be read. */
  onError(error: MillraceError): void {
    const isTooLarge = error.code === 'RESOURCE_EXHAUSTED'
    const advice = isTooLarge ? ' Ask for fewer documents at once (requestSize), or raise it.' : ''
    const details = error.message + advice
    this.#end({ code: statusCode(error.code), details, here: true, cause: error })
  }

  #compression(): CompressedMessages {
    return new CompressedMessages(leastCompressedBytes, unbounded, {
      write: ({ pieces, bytes }) => {
        this.#stream.write(pieces, bytes)
        return !this.#stream.isBlocked
      },
      drained: () => this.#listener.onDrain?.(),
    })
  }

  #expect(encoding: string): void {
    if (this.#compressed === undefined) this.onError(uninvited())
    else this.#encoding = encoding
  }

  #fits({ length }: Uint8Array): boolean {
    if (length <= this.maxMessageBytes) return true
    this.#end(tooLarge(length, this.maxMessageBytes))
    return false
  }

  #end(status: GrpcStatus): void {
    if (this.#isOver) return
    this.#isOver = true
    deadlines.unwatch(this)
    this.#call?.offAbort(this)
    this.#reader.close()
    this.#compressed?.close()
    const stream = this.#stream
    // a stream that both sides have ended closes by itself
    if (!stream.isInputEnded || !stream.isOutputEnded) stream.reset(errorCode.cancel)
    this.#listener.onEnd(status, this.#reason)
  }
}

const cut: GrpcStatus = {
  code: grpcCode.internal,
  details: 'the stream ended in the middle of a message',
  here: true,
}

function uninvited(): MillraceError {
  return new MillraceError(
    'INTERNAL',
    'the peer compresses its answers although the request did not allow it',
  )
}

function tooLarge(bytes: number, limit: number): GrpcStatus {
  return {
    code: grpcCode.resourceExhausted,
    here: true,
    details: `a request of ${bytes} bytes is larger than maxMessageBytes = ${limit}; send fewer documents at once (requestSize) or raise it`,
  }
}
