import type { Socket } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import type { AnswerLimits } from '../../../budget/reserve-answer.js'
import { prefixBytes } from '../../../grpc/frame.js'
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

  constructor(serving: Serving, clock: Clock) {
    this.#clock = clock
    this.#serving = serving
    this.#services = services(serving)
    this.#connections = new Connections(serving, clock)
    this.#answerLimits = { most: serving.maxMessageBytes, framing: prefixBytes }
  }

  accept(socket: Socket): Buffer | undefined {
    const share = this.#serving.budget.share()
    if (!share.reserve(connectionBytes)) return goAway(`no room: ${share.explain(connectionBytes)}`)
    const connection = new Connection(socket, {
      share,
      clock: this.#clock,
      maxCalls: this.#serving.limits.maxCalls,
      serve: this.#serve,
    })
    this.#connections.add(socket, connection)
    if (this.#connections.isClosing) connection.close()
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
    if (rejection !== undefined) return reject(stream, rejection)
    const { maxMessageBytes } = this.#serving
    const isAdmitted = connection.admit()
    const path = headers[':path']!
    const method = Object.hasOwn(this.#services, path) ? this.#services[path] : undefined
    const call = new ServerCall(stream, headers, {
      clock: this.#clock,
      answerLimits: this.#answerLimits,
      connection,
      timeoutMs: method === undefined || method.kind === 'stream' ? null : (method.timeoutMs ?? null),
    })
    if (!isAdmitted) {
      call.fail(noRoom('take a call', callBytes, connection.share))
      stream.reset(errorCode.noError)
      return
    }
    connection.entered(call)
    const refusal = this.#serving.misdirected(headers[recipientHeader])
    if (refusal !== null) return call.fail(refusal)
    const begin = (denial: MillraceError | null): void => {
      if (denial !== null) return call.fail(denial)
      if (method === undefined)
        return call.fail(new MillraceError('UNSUPPORTED', `There is no method ${path} here.`))
      call.begin(() => serve(method, { stream, headers, call, maxMessageBytes }))
      if (this.#connections.isClosing) call.drain()
    }
    const denial = this.#serving.authenticate?.(headers.authorization, purposeOf(path)) ?? null
    if (!(denial instanceof Promise)) return begin(denial)
    stream.pause()
    void denial.then(begin) // never rejects, by contract
  }
}

function purposeOf(path: string): Purpose {
  if (path === methods.healthCheck || path === methods.healthWatch) return 'health'
  return path === methods.reflection || path === methods.reflectionAlpha ? 'reflection' : 'request'
}

/** Answers a request that is not gRPC, and reads no more of it. */
function reject(stream: Stream, { head, text }: Rejection): void {
  stream.respond(head, text === '')
  if (text !== '') {
    const body = Buffer.from(text)
    stream.write([body], body.length)
    stream.end(noTrailers)
  }
  stream.reset(errorCode.noError) // the client need not send the rest
}

const noTrailers: Buffer = Buffer.alloc(0)
