import type { Account } from '../../../budget/budget.js'
import type { ProgressRules, Wait } from '../../../budget/progress.js'
import {
  idleStream,
  noRoom,
  noRoomForAnswer,
  stalledAnswer,
  stalledRequest,
} from '../../../budget/refusals.js'
import { type AnswerLimits, reserveAnswer } from '../../../budget/reserve-answer.js'
import { late } from '../../../call/late.js'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import { CompressedMessages, type PackedOutput } from '../../../grpc/compressed-messages.js'
import { type Message, sizeOf } from '../../../grpc/frame.js'
import { type Packed, plain } from '../../../grpc/gzip.js'
import type { MessageReader } from '../../../grpc/message-reader.js'
import { parseTimeout } from '../../../grpc/timeout.js'
import { userAgent } from '../../../grpc/user-agent.js'
import { errorCode } from '../../../http2/codes.js'
import { encodeFields } from '../../../http2/hpack/encoder.js'
import type { Headers } from '../../../http2/message-head.js'
import type { Stream, StreamListener } from '../../../http2/stream.js'
import type { Clock } from '../../../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../../../lib/deadlines.js'
import type { GrpcRules } from '../../grpc-rules.js'
import { callerHeaders } from '../caller-headers.js'
import { failureFields, failureHead, gzipHead, okFields, plainHead } from './answer-fields.js'
import type { Connection, OpenCall } from './connection.js'
import { leastGzipBytes } from './least-gzip-bytes.js'
import { noTrailers, type Trailers } from './method.js'

/** Shared by all calls, so that most calls need no list. */
const noChunks: Buffer[] = []

export interface ServerCallOptions {
  readonly clock: Clock
  readonly answerLimits: AnswerLimits
  readonly connection: Connection
  readonly rules: GrpcRules
  /** Milliseconds for the call, unless the client sets less; null for no limit. */
  readonly timeoutMs: number | null
}

/** Reads what the client of a call sends. */
export interface Input {
  readonly reader: MessageReader
  /** Whether the server waits for the client, because no request is in flight. */
  isClientsTurn(): boolean
  /** More may be sent. */
  drained(): void
  /** The stream is closed. */
  closed(): void
  /** The server takes no more requests: a stream ends once those in flight are answered. */
  drain(): void
}

/**
 * The server side of one gRPC call on an HTTP/2 stream (grpc.io, "gRPC over HTTP2").
 *
 * 1. It ends once: by `reply`, `end`, `fail`, its deadline, or because the client disconnects; later calls do nothing.
 * 2. `fail`, the deadline and a disconnect also abort everything below it.
 * 3. Once it has ended, none of its input is kept. Answers stay reserved in the budget of the connection until the system has
 *    taken them, or the stream is closed.
 * 4. The status follows all messages, also those that are still being compressed.
 */
export class ServerCall extends Scope implements Timed, OpenCall, StreamListener, PackedOutput {
  watched: Watched | undefined = undefined
  /** The reservations for input that was read and not answered yet. */
  readonly incoming: Account
  input: Input | undefined
  /** What has arrived before `begin`, reserved: at most a window, because the stream is paused. */
  #early: Buffer[] = noChunks
  #isEarlyEnd = false
  readonly #stream: Stream
  readonly #connection: Connection
  readonly #answerLimits: AnswerLimits
  /** Undefined when answers are not compressed. */
  readonly #compressed: CompressedMessages | undefined
  #ended = false
  /** Bytes of all answers so far. */
  #sent = 0
  readonly #deadlines: Deadlines
  /** The Flow's own limit in milliseconds, if it is shorter than the client's deadline; otherwise null. */
  readonly #limitMs: number | null
  /** Whether the client is Millrace's own, which does not need Jina's texts. */
  readonly #isOurClient: boolean

  constructor(
    stream: Stream,
    headers: Headers,
    { clock, answerLimits, connection, rules, timeoutMs }: ServerCallOptions,
  ) {
    const asked = parseTimeout(headers['grpc-timeout'])
    const isLimited = timeoutMs !== null && timeoutMs < asked
    super(clock.now() + (isLimited ? timeoutMs : asked), callerHeaders(headers), connection.sender)
    this.#limitMs = isLimited ? timeoutMs : null
    this.#isOurClient = headers['user-agent'] === userAgent
    this.#deadlines = deadlinesOf(clock)
    this.#stream = stream
    this.#connection = connection
    this.#answerLimits = answerLimits
    const minBytes = leastGzipBytes(headers, rules)
    this.#compressed =
      minBytes === null ? undefined : new CompressedMessages(minBytes, connection.share, this)
    this.incoming = connection.share.account()
    this.memory = this.incoming
    stream.listener = this
    if (Number.isNaN(asked)) {
      this.fail(new MillraceError('INVALID_INPUT', `grpc-timeout is no time: ${headers['grpc-timeout']}`))
    } else this.#deadlines.watch(this)
  }

  get id(): number {
    return this.#stream.id
  }

  /** Reads what the client sends. Until then input is kept, while the call's token is checked. */
  begin(inputOf: () => Input): void {
    if (this.#ended) return
    const early = this.#early
    this.#early = noChunks
    if (early !== noChunks || this.#stream.isPaused) this.#stream.resume()
    this.input = inputOf()
    for (const chunk of early) {
      this.incoming.release(chunk.length)
      this.data(chunk)
    }
    if (this.#isEarlyEnd) this.ended()
  }

  /** What the server waits for from the client, with a count that grows as the client makes progress. */
  get wait(): Wait {
    const unsent = this.#stream.queuedBytes
    if (unsent > 0) return { kind: 'taking', count: this.#sent - unsent }
    if (this.#compressed?.isBusy) return { kind: 'nothing', count: 0 }
    if (this.#ended) return { kind: 'leaving', count: 0 }
    if (this.input === undefined) return { kind: 'nothing', count: 0 }
    const { reader } = this.input
    if (reader.isWithinMessage) return { kind: 'sending', count: reader.received }
    if (!this.input.isClientsTurn()) return { kind: 'nothing', count: 0 }
    return { kind: reader.given === 0 ? 'sending' : 'idle', count: reader.received + this.#sent }
  }

  /** Sends one message; false when no more should be sent before the stream drains. */
  send(message: Message): boolean {
    if (this.#ended || this.#stream.isClosed) return true
    const size = sizeOf(message)
    if (!this.#fits(size)) return true
    return this.#compressed === undefined
      ? this.write(plain(message, size))
      : this.#compressed.send(message, size)
  }

  write({ pieces, bytes }: Packed): boolean {
    this.#sent += bytes
    this.#stream.respond(this.#head)
    return this.#stream.write(pieces, bytes)
  }

  /** Sends the only message of a unary call, and ends the call. */
  reply(message: Message, trailers: Trailers): void {
    if (this.#ended || this.#stream.isClosed) return
    this.incoming.close()
    this.send(message)
    this.end(trailers)
  }

  /** Ends the call with status OK, after the messages sent so far. */
  end(trailers: Trailers = noTrailers): void {
    if (this.#ended || this.#stream.isClosed) return
    this.#finish()
    const block = okFields(trailers)
    if (this.#compressed === undefined) this.#close(block)
    else this.#compressed.afterwards(() => this.#close(block))
  }

  #close(trailers: Buffer): void {
    this.#stream.respond(this.#head)
    this.#stream.end(trailers)
  }

  get #head(): Buffer {
    return this.#compressed === undefined ? plainHead : gzipHead
  }

  fail(error: MillraceError): void {
    if (this.#ended) return
    this.#finish()
    this.abort(error)
    const stream = this.#stream
    if (stream.isClosed) return
    const failure = failureFields(error, { isOurClient: this.#isOurClient })
    const close = (): void => {
      if (stream.isHeadSent) stream.end(encodeFields(failure))
      else stream.respond(failureHead(failure), true)
    }
    if (this.#compressed === undefined) close()
    else this.#compressed.afterwards(close)
    stream.resume() // input that still arrives is discarded
  }

  /** Reserves room for an answer that waits to be sent; fails the call and returns false when there is none. */
  reserve(bytes: number): boolean {
    if (this.incoming.reserve(bytes)) return true
    this.fail(noRoomForAnswer(bytes, this.#connection.share))
    return false
  }

  /** Ends the call because the client makes no progress. */
  stuck({ kind, count }: Wait, rules: ProgressRules): void {
    switch (kind) {
      case 'sending':
        return this.fail(stalledRequest(count, rules))
      case 'idle':
        return this.fail(idleStream(rules))
      case 'taking':
        return this.#reset(stalledAnswer(rules))
      case 'leaving':
        return this.#stream.reset(errorCode.noError)
      case 'nothing':
        return // it is not the client's turn
    }
  }

  /** Resets the stream. Unsent data is dropped, and so is the status, which would have to wait for that data. */
  #reset(error: MillraceError): void {
    if (!this.#ended) this.#finish()
    this.abort(error)
    this.#stream.reset(errorCode.enhanceYourCalm) // for gRPC RESOURCE_EXHAUSTED (gRPC over HTTP2, "Errors")
  }

  #finish(): void {
    this.#ended = true
    this.#deadlines.unwatch(this)
    this.incoming.close()
    this.#early = noChunks
    this.input?.reader.close()
  }

  /** Whether the message may be sent; if so, it is reserved. */
  #fits(size: number): boolean {
    const refusal = reserveAnswer(this.#connection.share, size, this.#answerLimits)
    if (refusal !== undefined) {
      this.fail(refusal)
      return false
    }
    return true
  }

  expire(): void {
    this.fail(
      this.#limitMs === null
        ? new MillraceError('DEADLINE_EXCEEDED', 'The deadline that the client set has passed.')
        : late(this.#limitMs),
    )
  }

  data(chunk: Buffer): void {
    if (this.#ended) return
    if (this.input !== undefined) return this.input.reader.push(chunk)
    if (!this.incoming.reserve(chunk.length)) {
      return this.fail(noRoom('take a message', chunk.length, this.#connection.share))
    }
    if (this.#early === noChunks) this.#early = []
    this.#early.push(Buffer.from(chunk))
  }

  ended(): void {
    if (this.#ended) return
    if (this.input === undefined) this.#isEarlyEnd = true
    else this.input.reader.end()
  }

  drain(): void {
    this.input?.drain()
  }

  drained(): void {
    if (!this.#compressed?.isBusy) this.input?.drained()
  }

  closed(code: number): void {
    this.#connection.left(this)
    this.#compressed?.close()
    this.input?.closed()
    if (this.#ended) return
    this.#finish()
    const how = code === errorCode.cancel ? 'cancelled' : 'went away'
    this.abort(new MillraceError('CANCELLED', `The client ${how}.`))
  }
}
