import { unbounded } from '../../budget/budget.js'
import type { Call } from '../../call/call.js'
import type { AbortListener } from '../../call/cancellation.js'
import { MillraceError } from '../../errors.js'
import { errorCode } from '../../http2/codes.js'
import type { Headers, Response } from '../../http2/message-head.js'
import type { Stream, StreamEnd, StreamListener } from '../../http2/stream.js'
import { systemClock } from '../../lib/clock.js'
import { deadlinesOf, type Timed, type Watched } from '../../lib/deadlines.js'
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
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
  /** Aborting it cancels the RPC. */
  readonly call: Pick<Call, 'aborted' | 'onAbort' | 'offAbort'> | undefined
  readonly listener: CallListener
}

const noTrailers: Buffer = Buffer.alloc(0)

const deadlines = deadlinesOf(systemClock)

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
 * 2. However the RPC ends, its HTTP/2 stream is closed, so that the peer stops, and what waits to be sent is dropped.
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
  /** The status from the peer's headers or trailers. */
  #status: GrpcStatus | undefined
  #reason: MillraceError | undefined
  #isOver = false

  /** Sends the head, a header block. Throws GrpcFailure when too many calls wait already. */
  constructor(
    session: Session,
    head: Buffer,
    { maxMessageBytes, deadline, call, listener }: ClientCallOptions,
  ) {
    this.#session = session
    this.deadline = deadline
    this.maxMessageBytes = maxMessageBytes
    this.#listener = listener
    this.#call = call
    this.#reader = new MessageReader(this)
    const stream = session.request(head, this)
    if (stream === undefined) throw new GrpcFailure(tooManyWaiting)
    this.#stream = stream
    deadlines.watch(this)
    call?.onAbort(this)
  }

  /** False when the sender should wait for `onDrain`. */
  get hasRoom(): boolean {
    return this.#stream.isClosed || !this.#stream.isBlocked
  }

  /** A message above the limit ends the RPC with RESOURCE_EXHAUSTED. The message must not change afterwards. */
  write(message: Uint8Array): void {
    if (this.#isOver || !this.#fits(message)) return
    this.#stream.write(framed([message], message.length), message.length + prefixBytes)
  }

  /** Sends the last message. */
  finish(message: Uint8Array): void {
    if (this.#isOver || !this.#fits(message)) return
    this.#stream.endWith(framed([message], message.length), message.length + prefixBytes)
  }

  /** Half-closes: no more messages are sent. */
  end(): void {
    this.#stream.end(noTrailers)
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
    else if (encoding !== undefined && encoding !== 'identity') this.onError(compressed())
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
    const isCut = status.code === grpcCode.ok && this.#reader.isWithinMessage
    this.#end(isCut ? cut : status)
  }

  drained(): void {
    this.#listener.onDrain?.()
  }

  closed(code: number, end: StreamEnd): void {
    this.#session.released()
    if (!this.#isOver) this.#end(this.#status ?? statusOfEnd(code, end, this.#session))
  }

  // what the reader calls

  inflate(): Promise<never> {
    return Promise.reject(compressed())
  }

  onMessage(message: Uint8Array): void {
    if (!this.#isOver) this.#listener.onMessage(message)
  }

  /** The RPC ends with the status. */
  onEnd(): void {}

  /** Ends the RPC because an answer cannot be read. */
  onError(error: MillraceError): void {
    const isTooLarge = error.code === 'RESOURCE_EXHAUSTED'
    const advice = isTooLarge ? ' Ask for fewer documents at once (requestSize), or raise it.' : ''
    const details = error.message + advice
    this.#end({ code: statusCode(error.code), details, here: true, cause: error })
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

function compressed(): MillraceError {
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
