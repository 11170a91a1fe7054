import type { Socket } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import type { Budget } from '../../../budget/budget.js'
import type { ProgressRules } from '../../../budget/progress.js'
import { recipientHeader } from '../../../wire/identity.js'
import { errorCode } from '../../../http2/codes.js'
import type { Headers } from '../../../http2/request-head.js'
import type { Stream } from '../../../http2/stream.js'
import { deferred } from '../../../lib/deferred.js'
import type { Serving } from '../../serving.js'
import type { ProtocolServer } from '../protocol.js'
import { callBytes, Connection, connectionBytes } from './connection.js'
import { noRoom } from '../../../budget/refusals.js'
import { goAway, type Rejection, rejectionOf } from './rejections.js'
import { serve } from './serve.js'
import { ServerCall } from './server-call.js'
import { type Services, services } from './services.js'

/** How many times in `stallMs` calls and connections are checked for progress. */
const looks = 4

/**
 * The gateway's gRPC server, on the HTTP/2 of `http2/`.
 *
 * 1. Everything that the server holds for a client is reserved in the budget first: connections, calls, messages in and out.
 * 2. A client that makes no progress for `stallMs` loses the call, or the connection.
 * 3. `close` ends within its grace, whatever clients do.
 */
export class GrpcServer implements ProtocolServer {
  readonly #services: Services
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #budget: Budget
  readonly #rules: ProgressRules
  readonly #connections = new Set<Connection>()
  readonly #emptied = deferred()
  #cancelLook = (): void => {}
  #closed: Promise<void> | undefined

  constructor(serving: Serving, clock: Clock) {
    const { limits, budget, timeoutMs } = serving
    this.#clock = clock
    this.#serving = serving
    this.#budget = budget
    this.#rules = { stallMs: limits.stallMs, idleMs: limits.idleMs, sendingMs: timeoutMs }
    this.#services = services(serving)
    this.#scheduleLook()
  }

  accept(socket: Socket): Buffer | undefined {
    const share = this.#budget.share()
    if (!share.reserve(connectionBytes)) return goAway(`no room: ${share.explain(connectionBytes)}`)
    const connection = new Connection(socket, {
      share,
      clock: this.#clock,
      maxCalls: this.#serving.limits.maxCalls,
      serve: this.#serve,
    })
    this.#connections.add(connection)
    socket.once('close', () => {
      this.#connections.delete(connection)
      connection.destroy()
      if (this.#closed !== undefined && this.#connections.size === 0) this.#emptied.resolve()
    })
    if (this.#closed !== undefined) connection.close()
    return undefined
  }

  dropIdle(): boolean {
    let oldest: Connection | undefined
    for (const connection of this.#connections) {
      if (connection.idleSince < (oldest?.idleSince ?? Number.POSITIVE_INFINITY)) oldest = connection
    }
    oldest?.evict()
    return oldest !== undefined
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    for (const connection of this.#connections) connection.close()
    const cancel = this.#clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.destroy() // invariant 3
    })
    if (this.#connections.size > 0) await this.#emptied.promise
    cancel()
    this.#cancelLook()
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
      maxMessageBytes,
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
    if (method === undefined)
      return call.fail(new MillraceError('UNSUPPORTED', `There is no method ${path} here.`))
    call.input = serve(method, { stream, headers, call, maxMessageBytes })
    if (this.#closed !== undefined) call.drain()
  }

  #scheduleLook(): void {
    this.#cancelLook = this.#clock.after(this.#rules.stallMs / looks, () => {
      this.#look()
      this.#scheduleLook()
    })
  }

  /** Ends calls and connections that make no progress. */
  #look(): void {
    const now = this.#clock.monotonic()
    const { idleMs } = this.#rules
    for (const connection of this.#connections) {
      connection.look(now, this.#rules)
      if (idleMs !== null && now - connection.idleSince >= idleMs) connection.close()
    }
  }
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
