import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { late } from '../../../call/late.js'
import { Scope } from '../../../call/scope.js'
import { errorCodes, MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../../../lib/deadlines.js'
import { codeHeader, notRunHeader } from '../../../grpc/status.js'
import type { Account } from '../../../budget/budget.js'
import type { ProgressRules, Wait } from '../../../budget/progress.js'
import { acceptedEncodings } from '../../../grpc/compression.js'
import type { Connection, OpenCall } from './connection.js'
import { framed, type Message, prefixBytes, sizeOf } from '../../../grpc/frame.js'
import { parseTimeout } from '../../../grpc/timeout.js'
import { callerHeaders } from '../caller-headers.js'
import { withJinaHint } from './jina-hints.js'
import { userAgent } from '../../../grpc/user-agent.js'
import type { MessageReader } from '../../../grpc/message-reader.js'
import { noTrailers, type Trailers } from './method.js'
import { idleStream, noRoomForAnswer, stalledAnswer, stalledRequest } from '../../../budget/refusals.js'
import { grpcStatus } from '../../../grpc/error-status.js'

const responseHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
}
const responseOptions = { waitForTrailers: true, sendDate: false }
const ok: OutgoingHttpHeaders = { 'grpc-status': '0' }

/** Buffers of an answer from this size on are not joined to one write, so that its progress shows. */
const joinedBytes = 512 * 1024

export interface ServerCallOptions {
  readonly clock: Clock
  readonly maxMessageBytes: number
  readonly connection: Connection
  /** Milliseconds for the call, where the client does not set less; null for no limit. */
  readonly timeoutMs: number | null
}

/** What the client of a call sends. */
export interface Input {
  readonly reader: MessageReader
  /** Whether it is the client's turn: nothing is under way here. */
  isClientsTurn(): boolean
}

/**
 * The answering side of one gRPC call on an HTTP/2 stream (grpc.io, "gRPC over HTTP2").
 *
 * 1. It ends once: by `reply`, `end`, `fail`, its deadline, or the client going away; whatever comes later is dropped.
 * 2. It aborts, for everything below, when it ends in one of the last two ways, or by `fail`.
 * 3. When it has ended nothing of its input is kept. Answers that the client has not taken are reserved in the budget of
 *    the connection until it has, or the stream is closed.
 */
export class ServerCall extends Scope implements Timed, OpenCall {
  watched: Watched | undefined = undefined
  /** What was read and not answered yet is reserved here. */
  readonly incoming: Account
  input: Input | undefined
  readonly #stream: ServerHttp2Stream
  readonly #connection: Connection
  readonly #maxMessageBytes: number
  #ended = false
  /** Bytes of answers that are reserved. */
  #unsent = 0
  /** Bytes of answers in all. */
  #sent = 0
  /** Messages of this tick are kept to be written at once. */
  #gathers = false
  readonly #deadlines: Deadlines
  /** The Flow's own limit, when it ends the call sooner than the client does. */
  readonly #limitMs: number | null
  /** The client is one of Millrace, which needs no texts of Jina. */
  readonly #isOurClient: boolean

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { clock, maxMessageBytes, connection, timeoutMs }: ServerCallOptions,
  ) {
    const asked = parseTimeout(headers['grpc-timeout'])
    const isLimited = timeoutMs !== null && timeoutMs < asked
    super(clock.now() + (isLimited ? timeoutMs : asked), callerHeaders(headers), connection.sender)
    this.#limitMs = isLimited ? timeoutMs : null
    this.#isOurClient = headers['user-agent'] === userAgent
    this.#deadlines = deadlinesOf(clock)
    this.#stream = stream
    this.#connection = connection
    this.#maxMessageBytes = maxMessageBytes
    this.incoming = connection.share.account()
    stream.on('close', () => this.#closed())
    if (Number.isNaN(asked)) {
      this.fail(
        new MillraceError('INVALID_INPUT', `grpc-timeout is no time: ${String(headers['grpc-timeout'])}`),
      )
    } else this.#deadlines.watch(this)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** What is waited for from the client, and how far that is. */
  get wait(): Wait {
    const unsent = this.#stream.writableLength
    if (unsent > 0) return { kind: 'taking', count: this.#sent - unsent }
    if (this.#ended) return { kind: 'leaving', count: 0 }
    if (this.input === undefined) return { kind: 'nothing', count: 0 }
    const { reader } = this.input
    if (reader.isWithinMessage) return { kind: 'sending', count: reader.received }
    if (!this.input.isClientsTurn()) return { kind: 'nothing', count: 0 }
    return { kind: reader.given === 0 ? 'sending' : 'idle', count: reader.received + this.#sent }
  }

  /** Sends one message; false when no more should be sent before the stream drains. */
  send(message: Message): boolean {
    if (this.#ended || this.#gone || !this.#fits(message)) return true
    this.#respond()
    const size = sizeOf(message)
    this.#gather()
    const room = this.#write(framed(message, size), size)
    this.#settle()
    return room
  }

  /** Answers that come together are written together: a write costs more than the rest of a small message. */
  #gather(): void {
    if (this.#gathers) return
    this.#gathers = true
    this.#stream.cork()
    process.nextTick(writeGathered, this)
  }

  /** Writes what was sent since the last time. */
  writeGathered(): void {
    this.#gathers = false
    this.#stream.uncork()
  }

  /** The only message of a unary call. */
  reply(message: Message, trailers: Trailers): void {
    if (this.#ended || this.#gone) return
    this.incoming.close()
    if (!this.#fits(message)) return
    this.#respond()
    const size = sizeOf(message)
    const writes = framed(message, size)
    if (writes.length === 1) {
      this.end(trailers, writes[0])
      return
    }
    this.#write(writes, size)
    this.end(trailers)
  }

  /** All is well, after what was sent. */
  end(trailers: Trailers = noTrailers, last?: Buffer): void {
    if (this.#ended || this.#gone) return
    this.#finish()
    const stream = this.#stream
    this.#respond()
    stream.on('wantTrailers', () => this.#trailers(trailers === noTrailers ? ok : { ...ok, ...trailers }))
    if (last === undefined) stream.end()
    else stream.end(last)
  }

  fail(error: MillraceError): void {
    if (this.#ended) return
    this.#finish()
    this.abort(error)
    const stream = this.#stream
    if (this.#gone) return
    const { code, message } = grpcStatus(this.#isOurClient ? error : withJinaHint(error))
    const status = { 'grpc-status': String(code), 'grpc-message': message, ...hints(error) }
    if (stream.headersSent) {
      stream.on('wantTrailers', () => this.#trailers(status))
      stream.end()
    } else {
      stream.respond({ ...responseHeaders, ...status }, { endStream: true, sendDate: false } as object)
    }
    // what the client still sends is dropped
    stream.resume()
  }

  /** Reserves room for what waits to be sent; without it the call fails. */
  reserve(bytes: number): boolean {
    if (this.incoming.reserve(bytes)) return true
    this.fail(noRoomForAnswer(bytes, this.#connection.share))
    return false
  }

  /** Ends the call because the client does not do its part. */
  stuck({ kind, count }: Wait, rules: ProgressRules): void {
    switch (kind) {
      case 'sending':
        return this.fail(stalledRequest(count, rules))
      case 'idle':
        return this.fail(idleStream(rules))
      case 'taking':
        return this.#reset(stalledAnswer(rules))
      case 'leaving':
        return this.#stream.close(constants.NGHTTP2_NO_ERROR)
      case 'nothing':
        return // it is not the client's turn
    }
  }

  /** What was not sent is dropped, and so is the status: it would wait behind that. */
  #reset(error: MillraceError): void {
    if (!this.#ended) this.#finish()
    this.abort(error)
    this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM) // for gRPC RESOURCE_EXHAUSTED (gRPC over HTTP2, "Errors")
    this.#stream.destroy()
  }

  #finish(): void {
    this.#ended = true
    this.#deadlines.unwatch(this)
    this.incoming.close()
    this.input?.reader.close()
  }

  #write(writes: readonly Buffer[], size: number): boolean {
    const stream = this.#stream
    if (writes.length === 1) return stream.write(writes[0])
    const joined = size < joinedBytes
    let room = true
    if (joined) stream.cork()
    for (const write of writes) room = stream.write(write)
    if (joined) stream.uncork()
    return room
  }

  #respond(): void {
    if (!this.#stream.headersSent && !this.#stream.destroyed)
      this.#stream.respond(responseHeaders, responseOptions)
  }

  /** The client went away, and `close` is about to say so; Node throws at whoever still writes. */
  get #gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #trailers(trailers: OutgoingHttpHeaders): void {
    if (!this.#gone) this.#stream.sendTrailers(trailers)
  }

  /** Whether the message may be sent; then it is reserved. */
  #fits(message: Message): boolean {
    const size = sizeOf(message)
    if (size > this.#maxMessageBytes) {
      const what = `The answer has ${size} bytes, more than the limit of ${this.#maxMessageBytes} (maxMessageBytes).`
      this.fail(new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false }))
      return false
    }
    const { share } = this.#connection
    if (!share.reserve(size)) {
      this.fail(noRoomForAnswer(size, share))
      return false
    }
    this.#unsent += size
    this.#sent += size + prefixBytes
    return true
  }

  /** Gives back what the client has taken. */
  #settle(): void {
    const taken = this.#unsent - this.#stream.writableLength
    if (taken <= 0) return
    this.#unsent -= taken
    this.#connection.share.release(taken)
  }

  expire(): void {
    this.fail(
      this.#limitMs === null
        ? new MillraceError('DEADLINE_EXCEEDED', 'The deadline that the client set has passed.')
        : late(this.#limitMs),
    )
  }

  #closed(): void {
    const { rstCode } = this.#stream
    this.#connection.left(this, rstCode !== constants.NGHTTP2_NO_ERROR)
    this.#connection.share.release(this.#unsent)
    this.#unsent = 0
    if (this.#ended) return
    this.#finish()
    const how = rstCode === constants.NGHTTP2_CANCEL ? 'cancelled' : 'went away'
    this.abort(new MillraceError('CANCELLED', `The client ${how}.`))
  }
}

function writeGathered(call: ServerCall): void {
  call.writeGathered()
}

/** What a client may do about it: gRPC's own hint when to send again (gRFC A6), and our code for a client of ours. */
function hints({ code, notRun, retryable, retryAfterMs }: MillraceError): OutgoingHttpHeaders {
  // -1: not at all
  const afterMs = !retryable && errorCodes[code].retryable ? -1 : retryAfterMs
  const pushback = afterMs === null ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(afterMs)) }
  return { [codeHeader]: code, ...(notRun && { [notRunHeader]: 'true' }), ...pushback }
}
