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
import { recipientHeader } from '../../../wire/identity.js'
import type { Serving } from '../../serving.js'
import { Connections } from '../connections.js'
import type { ProtocolServer } from '../protocol.js'
import { createApp } from './app.js'
import { connectionBytes, HttpConnection, requestBytes } from './connection.js'
import { Exchange } from './exchange.js'
import { refused, unparsed } from './raw-answers.js'

/** Bytes of all headers of a request together. */
const maxHeaderBytes = 16 * 1024

const serverOptions: ServerOptions = {
  maxHeaderSize: maxHeaderBytes,
  // connections end idle and slow clients themselves
  keepAliveTimeout: 0,
  headersTimeout: 0,
  requestTimeout: 0,
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
  readonly #ready: Promise<unknown>
  readonly #exchanges = new WeakMap<IncomingMessage, Exchange>()
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #connections: Connections<HttpConnection>

  constructor(serving: Serving, clock: Clock) {
    this.#serving = serving
    this.#clock = clock
    let server!: Server
    const app = createApp(serving, {
      serverFactory: (route) => (server = this.#createServer(route)),
      exchangeOf: (message) => this.#exchanges.get(message)!,
    })
    this.#server = server
    this.#ready = Promise.resolve(app.ready())
    this.#connections = new Connections(serving, clock)
  }

  accept(socket: Socket): string | undefined {
    const share = this.#serving.budget.share()
    if (this.#connections.isClosing) return refused('The gateway closes.')
    if (!share.reserve(connectionBytes))
      return refused(`There is no room: ${share.explain(connectionBytes)}.`)
    const connection = new HttpConnection(socket, { share, clock: this.#clock })
    this.#connections.add(socket, connection)
    void this.#ready.then(() => this.#server.emit('connection', socket))
    return undefined
  }

  dropIdle(): boolean {
    return this.#connections.dropIdle()
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    return this.#connections.close(graceMs)
  }

  #createServer(route: Route): Server {
    const server = createServer(serverOptions, (message, response) => this.#serve(message, response, route))
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

  #serve(message: IncomingMessage, response: ServerResponse, route: Route): void {
    const connection = this.#connections.at(message.socket)
    if (connection === undefined) return void message.destroy()
    const { limits, maxMessageBytes, timeoutMs } = this.#serving
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
      account,
      maxMessageBytes,
      timeoutMs,
    })
    this.#exchanges.set(message, exchange)
    if (isOneTooMany) return exchange.fail(tooManyRequests(limits.maxCalls))
    const refusal = this.#serving.misdirected(message.headers[recipientHeader] as string | undefined)
    if (refusal !== null) return exchange.fail(refusal)
    route(message, response)
  }
}

/** Pipelined requests wait for the answers before them. */
function tooManyRequests(maxCalls: number): MillraceError {
  const what = `This connection has ${maxCalls} requests in flight, and takes no more (limits.maxCalls).`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { notRun: true })
}
