import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { Scope } from '../../../call/scope.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
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

/**
 * The answering side of one gRPC call on an HTTP/2 stream (grpc.io, "gRPC over HTTP2").
 *
 * 1. It ends once: by `reply`, `end`, `fail`, its deadline, or the client going away; whatever comes later is dropped.
 * 2. It aborts, for everything below, when it ends in one of the last two ways, or by `fail`.
 */
export class ServerCall extends Scope {
  readonly #stream: ServerHttp2Stream
  readonly #maxMessageBytes: number
  #ended = false
  #cancelTimer: (() => void) | undefined

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { clock, maxMessageBytes }: { readonly clock: Clock; readonly maxMessageBytes: number },
  ) {
    const timeoutMs = parseTimeout(headers['grpc-timeout'])
    super(clock.now() + timeoutMs, callerHeaders(headers), senderOf(stream.session))
    this.#stream = stream
    this.#maxMessageBytes = maxMessageBytes
    stream.on('close', () => this.#closed())
    if (Number.isNaN(timeoutMs)) {
      this.fail(
        new MillraceError('INVALID_INPUT', `grpc-timeout is no time: ${String(headers['grpc-timeout'])}`),
      )
    } else if (timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#cancelTimer = clock.after(timeoutMs, () => this.#expired())
    }
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
    this.#cancelTimer?.()
    const stream = this.#stream
    this.#respond()
    stream.on('wantTrailers', () => this.#trailers(trailers === noTrailers ? ok : { ...ok, ...trailers }))
    if (last === undefined) stream.end()
    else stream.end(last)
  }

  fail(error: MillraceError): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelTimer?.()
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

  #expired(): void {
    this.fail(new MillraceError('DEADLINE_EXCEEDED', 'The deadline that the client set has passed.'))
  }

  #closed(): void {
    if (this.#ended) return
    this.#ended = true
    this.#cancelTimer?.()
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
