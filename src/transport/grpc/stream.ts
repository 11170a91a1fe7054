import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { MillraceError } from '../../errors.js'
import { framed } from '../../grpc/frame.js'
import { unbounded } from '../../budget/budget.js'
import { MessageReader } from '../../grpc/message-reader.js'
import { systemClock } from '../../lib/clock.js'
import { deadlinesOf, type Timed, type Watched } from '../../lib/deadlines.js'
import {
  codeOfHttpStatus,
  codeOfReset,
  grpcCode,
  refusedStream,
  statusCode,
} from '../../grpc/status-codes.js'
import { ConnectionLost } from '../connection-lost.js'
import type { Session } from './session.js'
import { codeHeader, type GrpcStatus } from '../../grpc/status.js'
import { notRunHeader } from '../../wire/gateway-headers.js'

export interface StreamListener {
  onMessage(message: Uint8Array): void
  /** Called once, last; also after `cancel()`. */
  onEnd(status: GrpcStatus): void
  /** The write buffer has drained. */
  onDrain?(): void
}

export interface StreamOptions {
  readonly maxMessageBytes: number
  /** Milliseconds since the epoch; `Infinity` is none. */
  readonly deadline: number
}

/** Size of the write buffer above which the sender should wait. */
const writeBufferBytes = 256 * 1024

const cancelCode = 0x8

const deadlines = deadlinesOf(systemClock)

/**
 * One RPC on one HTTP/2 stream, with messages in both directions.
 *
 * 1. `onEnd` is called exactly once, and nothing after it.
 * 2. However the RPC ends, its HTTP/2 stream is closed, so that the peer stops.
 */
export class GrpcStream implements Timed {
  watched: Watched | undefined = undefined
  readonly deadline: number
  readonly #session: Session
  readonly #stream: ClientHttp2Stream
  readonly #listener: StreamListener
  readonly #maxMessageBytes: number
  readonly #reader: MessageReader
  /** The status from the peer's headers or trailers. */
  #status: GrpcStatus | undefined
  #httpStatus = 200
  #inputEnded = false
  #over = false

  constructor(
    session: Session,
    stream: ClientHttp2Stream,
    options: StreamOptions & { readonly listener: StreamListener },
  ) {
    this.#session = session
    this.#stream = stream
    this.#listener = options.listener
    this.#maxMessageBytes = options.maxMessageBytes
    this.#reader = new MessageReader({
      maxMessageBytes: options.maxMessageBytes,
      account: unbounded,
      inflate: () => Promise.reject(compressed()),
      onMessage: (message) => {
        if (!this.#over) this.#listener.onMessage(message)
      },
      onEnd: () => {}, // the RPC ends with the status
      onError: (error) => this.#break(error),
    })
    this.deadline = options.deadline
    deadlines.watch(this)
    this.#listen()
  }

  /** False when the sender should wait for `onDrain`. */
  get hasRoom(): boolean {
    return this.#stream.writableLength < writeBufferBytes
  }

  /** A message above the limit ends the RPC with RESOURCE_EXHAUSTED. */
  write(message: Uint8Array): void {
    if (this.#over) return
    if (message.length > this.#maxMessageBytes)
      return this.#end(tooLarge(message.length, this.#maxMessageBytes))
    const pieces = framed([message], message.length)
    if (pieces.length === 1) {
      this.#stream.write(pieces[0])
      return
    }
    this.#stream.cork()
    for (const piece of pieces) this.#stream.write(piece)
    this.#stream.uncork()
  }

  /** Half-closes: no more messages are sent. */
  end(): void {
    if (!this.#over) this.#stream.end()
  }

  /** Stops reading; the peer must wait once its window is used up. */
  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  cancel(): void {
    this.#end({ code: grpcCode.cancelled, details: 'cancelled by this side', here: true })
  }

  expire(): void {
    this.#end({ code: grpcCode.deadlineExceeded, details: 'the deadline passed', here: true })
  }

  #listen(): void {
    const stream = this.#stream
    stream.on('response', (headers) => this.#onHeaders(headers))
    stream.on('trailers', (headers) => {
      this.#status = statusOf(headers)
      this.#settle()
    })
    stream.on('data', (chunk: Buffer) => {
      this.#session.heard()
      this.#reader.push(chunk)
    })
    stream.on('end', () => {
      this.#inputEnded = true
      this.#settle()
    })
    stream.on('drain', () => this.#listener.onDrain?.())
    let failure: Error | undefined
    stream.on('error', (error: Error) => (failure = error))
    stream.on('close', () => this.#end(this.#status ?? this.#statusOfLoss(failure)))
  }

  #onHeaders(headers: IncomingHttpHeaders): void {
    this.#session.heard()
    this.#httpStatus = Number(headers[':status'])
    const encoding = headers['grpc-encoding']
    if (headers['grpc-status'] !== undefined) this.#status = statusOf(headers)
    else if (this.#httpStatus !== 200) {
      this.#end({
        code: codeOfHttpStatus(this.#httpStatus),
        details: `HTTP status ${this.#httpStatus}`,
        here: true,
      })
    } else if (encoding !== undefined && encoding !== 'identity') this.#break(compressed())
    this.#settle()
  }

  /** The status takes effect once everything before it has been read. */
  #settle(): void {
    if (!this.#inputEnded || this.#status === undefined) return
    const cut = this.#status.code === grpcCode.ok && this.#reader.isWithinMessage
    this.#end(
      cut
        ? { code: grpcCode.internal, details: 'the stream ended in the middle of a message', here: true }
        : this.#status,
    )
  }

  #end(status: GrpcStatus): void {
    if (this.#over) return
    this.#over = true
    deadlines.unwatch(this)
    const { writableEnded } = this.#stream
    // after its status the peer needs a reset only if it still waits for requests
    if (!this.#stream.closed && !(this.#inputEnded && writableEnded)) this.#abandon()
    this.#listener.onEnd(status)
  }

  /** A peer that does not read does not read the reset either, and `close` alone would keep unsent bytes until then. */
  #abandon(): void {
    this.#stream.close(cancelCode)
    this.#stream.destroy()
  }

  /** Ends the RPC because an answer cannot be read. */
  #break(error: MillraceError): void {
    const isTooLarge = error.code === 'RESOURCE_EXHAUSTED'
    const advice = isTooLarge ? ' Ask for fewer documents at once (requestSize), or raise it.' : ''
    const details = error.message + advice
    this.#end({ code: statusCode(error.code), details, here: true, cause: error })
  }

  #statusOfLoss(failure: Error | undefined): GrpcStatus {
    const reset = this.#stream.rstCode ?? 0
    const cause = this.#session.error ?? (failure?.cause instanceof Error ? failure.cause : failure)
    if (this.#session.error !== undefined || !this.#session.usable) {
      const { connected } = this.#session
      const what = connected ? 'the connection was lost' : 'cannot connect'
      const details = `${what} (${sayOf(cause)})`
      // a closing peer refuses streams that it did not process (RFC 9113, 6.8)
      const isRefused = connected && reset === refusedStream
      const retry = isRefused ? { retryAfterMs: 0 } : {}
      return {
        code: grpcCode.unavailable,
        details,
        here: true,
        // what it had is lost with it
        cause: connected && !isRefused ? new ConnectionLost(sayOf(cause), { cause }) : cause,
        notRun: !connected || isRefused,
        ...retry,
      }
    }
    return {
      code: codeOfReset(reset),
      details: `the stream was reset (HTTP/2 code ${reset})`,
      here: true,
      cause,
      notRun: reset === refusedStream,
    }
  }
}

function statusOf(headers: IncomingHttpHeaders): GrpcStatus {
  const code = Number(headers['grpc-status'] ?? grpcCode.unknown)
  const pushback = headers['grpc-retry-pushback-ms']
  return {
    code: Number.isInteger(code) ? code : grpcCode.unknown,
    details: decode(headers['grpc-message']),
    millraceCode: headers[codeHeader]?.toString(),
    notRun: headers[notRunHeader] === 'true',
    // what is no number forbids it, too (gRFC A6)
    retryAfterMs: pushback === undefined ? undefined : Number(pushback) >= 0 ? Number(pushback) : -1,
  }
}

/** Decodes the percent-encoding of `grpc-message`; a malformed message is returned unchanged. */
function decode(message: string | string[] | undefined): string {
  const text = typeof message === 'string' ? message : ''
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
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

function sayOf(error: Error | undefined): string {
  if (error === undefined) return 'the peer closed it'
  // each address of a name was tried and failed
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((one: Error) => one.message).join(', ')
  return error.message
}
