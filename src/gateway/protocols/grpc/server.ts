import type { Socket } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import type { Share } from '../../../budget/budget.js'
import type { AnswerLimits } from '../../../budget/reserve-answer.js'
import { prefixBytes } from '../../../grpc/frame.js'
import { ByteReader } from '../../../sockets/byte-reader.js'
import { type DirectSocket, readWith } from '../../../sockets/read-with.js'
import { recipientHeader } from '../../../wire/identity.js'
import { errorCode } from '../../../http2/codes.js'
import type { Headers } from '../../../http2/message-head.js'
import type { Stream } from '../../../http2/stream.js'
import { methods } from '../../../grpc/methods.js'
import type { Purpose } from '../../auth/authenticator.js'
import type { Serving } from '../../serving.js'
import { Connections } from '../connections.js'
import type { ProtocolServer } from '../protocol.js'
import { callBytes, Connection, connectionBytes } from './connection.js'
import { noRoom } from '../../../budget/refusals.js'
import { goAway, type Rejection, rejectionOf } from './rejections.js'
import { defaultGrpcRules, type GrpcRules } from '../../grpc-rules.js'
import { serve } from './serve.js'
import { ServerCall } from './server-call.js'
import { type Services, services } from './services.js'

/**
 * The gateway's gRPC server, on the HTTP/2 of `http2/`.
 *
 * 1. Everything that the server holds for a client is reserved in the budget first: connections, calls, messages in and out.
 * 2. Clients that stall lose their calls or connections, and `close` ends within its grace (`Connections`).
 */
export class GrpcServer implements ProtocolServer {
  readonly #services: Services
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #connections: Connections<Connection>
  readonly #answerLimits: AnswerLimits
  readonly #rules: GrpcRules

  constructor(serving: Serving, clock: Clock) {
    this.#clock = clock
    this.#serving = serving
    this.#services = services(serving)
    this.#connections = new Connections(serving, clock)
    this.#rules = serving.grpc ?? defaultGrpcRules
    this.#answerLimits = { most: serving.maxMessageBytes, framing: prefixBytes }
  }

  accept(socket: Socket): Buffer | undefined {
    const share = this.#serving.budget.share()
    if (!share.reserve(connectionBytes)) return goAway(`no room: ${share.explain(connectionBytes)}`)
    const reader = new ByteReader()
    const direct = readWith(reader, socket)
    const open = direct?.socket ?? socket
    const connection = new Connection(open, {
      share,
      clock: this.#clock,
      maxCalls: this.#serving.limits.maxCalls,
      serve: this.#serve,
      reader: direct === null ? undefined : reader,
    })
    this.#connections.add(open, connection)
    if (this.#connections.isClosing) connection.close()
    if (direct !== null) begin(direct, reader)
    return undefined
  }

  dropIdle(): boolean {
    return this.#connections.dropIdle()
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    return this.#connections.close(graceMs)
  }

  readonly #serve = (connection: Connection, stream: Stream, headers: Headers): void => {
    const rejection = rejectionOf(headers)
    if (rejection !== undefined) return reject(stream, rejection, connection.share)
    const { maxMessageBytes, callers, clientOf } = this.#serving
    const isAdmitted = connection.admit()
    const path = headers[':path']!
    const method = Object.hasOwn(this.#services, path) ? this.#services[path] : undefined
    const call = new ServerCall(stream, headers, {
      clock: this.#clock,
      answerLimits: this.#answerLimits,
      connection,
      rules: this.#rules,
      timeoutMs: method === undefined || method.kind === 'stream' ? null : (method.timeoutMs ?? null),
    })
    if (!isAdmitted) {
      call.fail(noRoom('take a call', callBytes, connection.share))
      stream.reset(errorCode.noError)
      return
    }
    connection.entered(call)
    const began = this.#clock.monotonic()
    const refuse = (error: MillraceError): void => {
      const { code, message } = error
      const { client = '' } = call.sender
      const ms = this.#clock.monotonic() - began
      const fields = { protocol: 'grpc', client, target: path, requestId: '', code, error: message, ms }
      this.#serving.onRefused?.({ name: 'call.refused', ...fields })
      call.fail(error)
    }
    const refusal = this.#serving.misdirected(headers[recipientHeader])
    if (refusal !== null) return refuse(refusal)
    const { address, sender } = clientOf?.(connection, headers) ?? connection
    call.sender = sender
    const caller = { headers, address }
    const begin = (denial: MillraceError | null): void => {
      if (denial !== null) return refuse(denial)
      if (method === undefined)
        return refuse(new MillraceError('UNSUPPORTED', `There is no method ${path} here.`))
      const countRequest = method.kind === 'stream' ? (callers?.counter(caller) ?? null) : null
      call.begin(() => serve(method, { stream, headers, call, maxMessageBytes, countRequest }))
      if (this.#connections.isClosing) call.drain()
    }
    const denial = callers?.check(caller, purposeOf(path)) ?? null
    if (!(denial instanceof Promise)) return begin(denial)
    stream.pause()
    void denial.then(begin) // never rejects, by contract
  }
}

/** Reads what has arrived before, once the connection is set up. */
function begin({ socket, first }: DirectSocket, reader: ByteReader): void {
  socket.once('end', () => socket.destroySoon())
  if (first !== null) process.nextTick(() => reader.give(first))
}

function purposeOf(path: string): Purpose {
  switch (path) {
    case methods.healthCheck:
    case methods.healthWatch:
      return 'health'
    case methods.reflection:
    case methods.reflectionAlpha:
      return 'reflection'
    case methods.endpointDiscovery:
    case methods.info:
      return 'description'
    default:
      return 'request'
  }
}

/** Answers a request that is not gRPC, in words if there is room for them, and reads no more of it. */
function reject(stream: Stream, { head, text }: Rejection, share: Share): void {
  const body = Buffer.from(text)
  const hasBody = body.length > 0 && share.reserve(body.length)
  stream.respond(head, !hasBody)
  if (hasBody) {
    stream.write([body], body.length)
    stream.end(noTrailers)
  }
  stream.reset(errorCode.noError) // the client need not send the rest
}

const noTrailers: Buffer = Buffer.alloc(0)
