import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { late } from '../../../call/late.js'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed } from '../../../lib/deadlines.js'
import { codeHeader, notRunHeader } from '../../../grpc/status.js'
import { acceptedEncodings } from '../../../grpc/compression.js'
import { framed, type Message, sizeOf } from '../../../grpc/frame.js'
import { parseTimeout } from '../../../grpc/timeout.js'
import { callerHeaders } from '../caller-headers.js'
import { noTrailers, type Trailers } from './method.js'
import { senderOf } from '../senders.js'
import { grpcStatus } from '../../../grpc/error-status.js'

const responseHeaders: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': acceptedEncodings,
}
const responseOptions = { waitForTrailers: true, sendDate: false }
const ok: OutgoingHttpHeaders = { 'grpc-status': '0' }

export interface ServerCallOptions {
  readonly clock: Clock
  readonly maxMessageBytes: number
  /** Milliseconds for the call, where the client does not set less; null for no limit. */
  readonly timeoutMs: number | null
}

/**
 * The answering side of one gRPC call on an HTTP/2 stream (grpc.io, "gRPC over HTTP2").
 *
 * 1. It ends once: by `reply`, `end`, `fail`, its deadline, or the client going away; whatever comes later is dropped.
 * 2. It aborts, for everything below, when it ends in one of the last two ways, or by `fail`.
 */
export class ServerCall extends Scope implements Timed {
  readonly #stream: ServerHttp2Stream
  readonly #maxMessageBytes: number
  #ended = false
  readonly #deadlines: Deadlines
  /** The Flow's own limit, when it ends the call sooner than the client does. */
  readonly #limitMs: number | null

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { clock, maxMessageBytes, timeoutMs }: ServerCallOptions,
  ) {
    const asked = parseTimeout(headers['grpc-timeout'])
    const isLimited = timeoutMs !== null && timeoutMs < asked
    super(clock.now() + (isLimited ? timeoutMs : asked), callerHeaders(headers), senderOf(stream.session))
    this.#limitMs = isLimited ? timeoutMs : null
    this.#deadlines = deadlinesOf(clock)
    this.#stream = stream
    this.#maxMessageBytes = maxMessageBytes
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

  /** Sends one message; false when no more should be sent before the stream drains. */
  send(message: Message): boolean {
    if (this.#ended || this.#gone || !this.#fits(message)) return true
    this.#respond()
    const stream = this.#stream
    const writes = framed(message, sizeOf(message))
    if (writes.length === 1) return stream.write(writes[0])
    stream.cork()
    let room = true
    for (const write of writes) room = stream.write(write)
    stream.uncork()
    return room
  }

  /** The only message of a unary call. */
  reply(message: Message, trailers: Trailers): void {
    if (this.#ended || this.#gone || !this.#fits(message)) return
    this.#respond()
    const writes = framed(message, sizeOf(message))
    if (writes.length === 1) {
      this.end(trailers, writes[0])
      return
    }
    this.#stream.cork()
    for (const write of writes) this.#stream.write(write)
    this.end(trailers)
    this.#stream.uncork()
  }

  /** All is well, after what was sent. */
  end(trailers: Trailers = noTrailers, last?: Buffer): void {
    if (this.#ended || this.#gone) return
    this.#ended = true
    this.#deadlines.unwatch(this)
    const stream = this.#stream
    this.#respond()
    stream.on('wantTrailers', () => this.#trailers(trailers === noTrailers ? ok : { ...ok, ...trailers }))
    if (last === undefined) stream.end()
    else stream.end(last)
  }

  fail(error: MillraceError): void {
    if (this.#ended) return
    this.#ended = true
    this.#deadlines.unwatch(this)
    this.abort(error)
    const stream = this.#stream
    if (this.#gone) return
    const { code, details } = grpcStatus(error)
    const status = { 'grpc-status': String(code), 'grpc-message': encodeURI(details), ...hints(error) }
    if (stream.headersSent) {
      stream.on('wantTrailers', () => this.#trailers(status))
      stream.end()
    } else {
      stream.respond({ ...responseHeaders, ...status }, { endStream: true, sendDate: false } as object)
    }
    // what the client still sends is nobody's concern
    stream.resume()
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

  #fits(message: Message): boolean {
    const size = sizeOf(message)
    if (size <= this.#maxMessageBytes) return true
    const what = `The answer has ${size} bytes, more than the limit of ${this.#maxMessageBytes} (maxMessageBytes).`
    this.fail(new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false }))
    return false
  }

  expire(): void {
    this.fail(
      this.#limitMs === null
        ? new MillraceError('DEADLINE_EXCEEDED', 'The deadline that the client set has passed.')
        : late(this.#limitMs),
    )
  }

  #closed(): void {
    if (this.#ended) return
    this.#ended = true
    this.#deadlines.unwatch(this)
    const { rstCode } = this.#stream
    const how = rstCode === constants.NGHTTP2_CANCEL ? 'cancelled' : 'went away'
    this.abort(new MillraceError('CANCELLED', `The client ${how}.`))
  }
}

/** What a client may do about it: gRPC's own hint when to send again (gRFC A6), and our code for a client of ours. */
function hints({ code, notRun, retryAfterMs }: MillraceError): OutgoingHttpHeaders {
  const pushback = retryAfterMs === null ? {} : { 'grpc-retry-pushback-ms': String(Math.ceil(retryAfterMs)) }
  return { [codeHeader]: code, ...(notRun && { [notRunHeader]: 'true' }), ...pushback }
}
