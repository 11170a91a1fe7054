import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { noRoom } from '../../../budget/refusals.js'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { deferred } from '../../../lib/deferred.js'
import type { CallEvent } from '../../../observe/names.js'
import { recipientHeader } from '../../../wire/identity.js'
import { defaultHttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'
import { type ClientConnection, Connections } from '../connections.js'
import type { ProtocolServer } from '../protocol.js'
import { type App, createApp } from './app.js'
import { connectionBytes, HttpConnection, requestBytes } from './connection.js'
import { type Direct, directAnswers } from './direct.js'
import { Exchange, type OnAnswered, type OnRefused } from './exchange.js'
import { refused, unparsed } from './raw-answers.js'
import { type Upgrades, withoutUpgrade } from './upgrades.js'

/** Bytes of all headers of a request together. */
const maxHeaderBytes = 16 * 1024

const serverOptions: ServerOptions = {
  maxHeaderSize: maxHeaderBytes,
  // connections end idle and slow clients themselves
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
}

export interface HttpServerOptions {
  /** Whether the Flow's endpoints have routes; its health always does. Default true. */
  readonly hasEndpoints?: boolean
  /** Takes over connections that are upgraded. Default: upgrades are ignored. */
  readonly upgrades?: Upgrades
}

type Route = (message: IncomingMessage, response: ServerResponse) => void

/**
 * The gateway's HTTP server: Node's parser, Fastify's routes.
 *
 * 1. Everything that the server holds for a client is reserved in the budget first: connections, requests, bodies, answers.
 * 2. Clients that stall lose their calls or connections, and `close` ends within its grace (`Connections`).
 */
export class HttpServer implements ProtocolServer {
  readonly #server: Server
  readonly #app: App
  readonly #exchanges = new WeakMap<IncomingMessage, Exchange>()
  /** Null: all requests are left to Fastify. */
  readonly #direct: Direct | null
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #connections: Connections<ClientConnection>

  constructor(serving: Serving, clock: Clock, { hasEndpoints = true, upgrades }: HttpServerOptions = {}) {
    this.#serving = serving
    this.#clock = clock
    this.#direct = hasEndpoints ? directAnswers(serving) : null
    let server!: Server
    this.#app = createApp(serving, {
      hasEndpoints,
      clock,
      serverFactory: (route) => (server = this.#createServer(route, upgrades)),
      exchangeOf: (message) => this.#exchanges.get(message)!,
    })
    this.#server = server
    if (upgrades !== undefined) this.#pass(upgrades)
    this.#connections = new Connections(serving, clock)
  }

  open(): Promise<void> {
    return this.#app.ready
  }

  accept(socket: Socket): string | undefined {
    const share = this.#serving.budget.share()
    if (this.#connections.isClosing) return refused('The gateway closes.')
    if (!share.reserve(connectionBytes))
      return refused(`There is no room: ${share.explain(connectionBytes)}.`)
    const connection = new HttpConnection(socket, { share, clock: this.#clock })
    this.#connections.add(socket, connection)
    void this.#app.ready.then(() => this.#server.emit('connection', socket))
    return undefined
  }

  dropIdle(): boolean {
    return this.#connections.dropIdle()
  }

  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    const endsAt = this.#clock.monotonic() + graceMs
    await this.#connections.close(graceMs)
    await this.#closeApp(endsAt - this.#clock.monotonic())
  }

  /** Lets the user's module close what it has opened, which may take until the end of the grace. */
  async #closeApp(mostMs: number): Promise<void> {
    const closed = this.#app.close().catch(() => {})
    if (mostMs <= 0) return
    const late = deferred()
    const cancel = this.#clock.after(mostMs, () => late.resolve())
    await Promise.race([closed, late.promise])
    cancel()
  }

  #createServer(route: Route, upgrades: Upgrades | undefined): Server {
    // since Node 24.9: what is not wanted is a plain request, with its body. Node before has `upgrade` events for all of them
    const shouldUpgradeCallback = (message: IncomingMessage): boolean => upgrades?.isWanted(message) === true
    const options: ServerOptions = { ...serverOptions, ...{ shouldUpgradeCallback } }
    const server = createServer(options, (message, response) => this.#serve(message, response, route))
    server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
      const isTooLarge = Number(message.headers['content-length'] ?? 0) > this.#serving.maxMessageBytes
      if (!isTooLarge) response.writeContinue()
      this.#serve(message, response, route)
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (socket.writable && error.code !== 'ECONNRESET') socket.end(unparsed(error.code))
      else socket.destroy()
    })
    return server
  }

  /** Passes on connections that are upgraded. */
  #pass(upgrades: Upgrades): void {
    this.#server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) => {
      if (!upgrades.isWanted(message)) {
        socket.unshift(withoutUpgrade(message, head))
        return void this.#server.emit('connection', socket)
      }
      const connection = this.#connections.at(socket)
      // the answer to an upgrade would come before those of the requests that were pipelined before it
      if (!(connection instanceof HttpConnection) || connection.openRequests > 0) return void socket.destroy()
      if (this.#connections.isClosing) return connection.end(refused('The gateway closes.'))
      const { share } = connection
      this.#connections.replace(socket, upgrades.accept({ message, socket, head, share }))
    })
  }

  #serve(message: IncomingMessage, response: ServerResponse, route: Route): void {
    const connection = this.#connections.at(message.socket)
    if (!(connection instanceof HttpConnection)) return void message.destroy()
    const { limits, maxMessageBytes, timeoutMs, clientOf, http = defaultHttpRules } = this.#serving
    const clock = this.#clock
    const isOneTooMany = connection.openRequests >= limits.maxCalls
    const account = connection.admit()
    if (account === null) {
      const { message: why } = noRoom('take a request', requestBytes, connection.share)
      return connection.end(refused(why))
    }
    const exchange = new Exchange(message, response, {
      clock,
      connection,
      client: clientOf?.(connection, message.headers) ?? connection,
      account,
      maxMessageBytes,
      compression: http.compression,
      timeoutMs,
      onRefused: this.#onRefused(message),
      onAnswered: this.#onAnswered(message),
    })
    if (isOneTooMany) return exchange.fail(tooManyRequests(limits.maxCalls))
    const refusal = this.#serving.misdirected(message.headers[recipientHeader] as string | undefined)
    if (refusal !== null) return exchange.fail(refusal)
    if (this.#direct?.(exchange, message) === true) return
    this.#exchanges.set(message, exchange)
    route(message, response)
  }

  #onRefused(message: IncomingMessage): OnRefused | undefined {
    const { onRefused } = this.#serving
    if (onRefused === undefined) return undefined
    return (exchange, { code, message: error }, status) =>
      onRefused({ name: 'call.refused', ...callOf(exchange, message), code, error, status })
  }

  #onAnswered(message: IncomingMessage): OnAnswered | undefined {
    const { onAnswered, http } = this.#serving
    if (onAnswered === undefined || (http?.routes ?? null) === null) return undefined
    return (exchange, status) => onAnswered({ name: 'call.answered', ...callOf(exchange, message), status })
  }
}

/** A call that is no request to the Flow, as the access log shows it. */
function callOf(
  { subject: { requestId }, sender: { client = '' }, began, clock }: Exchange,
  { method, url = '' }: IncomingMessage,
): Omit<Extract<CallEvent, { name: 'call.answered' }>, 'name' | 'status'> {
  return {
    protocol: 'http',
    client,
    target: `${method} ${url.split('?', 1)[0]}`,
    requestId,
    ms: clock.monotonic() - began,
  }
}

/** Pipelined requests wait for the answers before them. */
function tooManyRequests(maxCalls: number): MillraceError {
  const what = `This connection has ${maxCalls} requests in flight, and takes no more (limits.maxCalls).`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { notRun: true })
}
