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

/** From this size on, the buffers of an answer are written one by one, so that the client's progress can be measured. */
const joinedBytes = 512 * 1024

export interface ServerCallOptions {
  readonly clock: Clock
  readonly maxMessageBytes: number
  readonly connection: Connection
  /** Milliseconds for the call, unless the client sets less; null for no limit. */
  readonly timeoutMs: number | null
}

/** What the client of a call sends. */
export interface Input {
  readonly reader: MessageReader
  /** Whether the server waits for the client, because no request is in flight. */
  isClientsTurn(): boolean
}

/**
 * The server side of one gRPC call on an HTTP/2 stream (grpc.io, "gRPC over HTTP2").
 *
 * 1. It ends once: by `reply`, `end`, `fail`, its deadline, or because the client disconnects; later calls do nothing.
 * 2. `fail`, the deadline and a disconnect also abort everything below it.
 * 3. Once it has ended, none of its input is kept. Answers stay reserved in the budget of the connection until the client has
 *    taken them, or the stream is closed.
 */
export class ServerCall extends Scope implements Timed, OpenCall {
  watched: Watched | undefined = undefined
  /** The reservations for input that was read and not answered yet. */
  readonly incoming: Account
  input: Input | undefined
  readonly #stream: ServerHttp2Stream
  readonly #connection: Connection
  readonly #maxMessageBytes: number
  #ended = false
  /** Bytes of answers that are reserved. */
  #unsent = 0
  /** Bytes of all answers so far. */
  #sent = 0
  /** Whether the stream is corked until the end of this tick. */
  #gathers = false
  readonly #deadlines: Deadlines
  /** The Flow's own limit in milliseconds, if it is shorter than the client's deadline; otherwise null. */
  readonly #limitMs: number | null
  /** Whether the client is Millrace's own, which does not need Jina's texts. */
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
    this.memory = this.incoming
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

  /** What the server waits for from the client, with a count that grows as the client makes progress. */
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

  /** Writes the answers of one tick together: a write costs more than everything else about a small message. */
  #gather(): void {
    if (this.#gathers) return
    this.#gathers = true
    this.#stream.cork()
    process.nextTick(writeGathered, this)
  }

  /** Writes the answers of this tick. */
  writeGathered(): void {
    this.#gathers = false
    this.#stream.uncork()
  }

  /** Sends the only message of a unary call, and ends the call. */
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

  /** Ends the call with status OK, after the messages sent so far and `last`. */
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
    // input that still arrives is discarded
    stream.resume()
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
        return this.#stream.close(constants.NGHTTP2_NO_ERROR)
      case 'nothing':
        return // it is not the client's turn
    }
  }

  /** Resets the stream. Unsent data is dropped, and so is the status, which would have to wait for that data. */
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

  /** Whether the client has disconnected and `close` is about to be emitted; Node throws on writes then. */
  get #gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #trailers(trailers: OutgoingHttpHeaders): void {
    if (!this.#gone) this.#stream.sendTrailers(trailers)
  }

  /** Whether the message may be sent; if so, it is reserved. */
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

  /** Releases the reservations of what the client has taken. */
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

/** Metadata for the client's error handling: gRPC's hint when to retry (gRFC A6), and Millrace's code for its own client. */
function hints({ code, notRun, retryable, retryAfterMs }: MillraceError): OutgoingHttpHeaders {
  // -1: do not retry
  const afterMs = !retryable && errorCodes[code].retryable ? -1 : retryAfterMs
  const pushback = afterMs === null ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(afterMs)) }
  return { [codeHeader]: code, ...(notRun && { [notRunHeader]: 'true' }), ...pushback }
}
