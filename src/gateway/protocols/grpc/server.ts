import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2'
import type { AddressInfo, ServerOpts } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { recipientHeader } from '../../../wire/identity.js'
import { recipientCheck } from '../../identity.js'
import type { ProtocolServer, Serving } from '../../serving.js'
import type { MessageListener } from './method.js'
import { serve } from './serve.js'
import { ServerCall } from './server-call.js'
import { type Services, services } from './services.js'

/**
 * How much a client may send before it is read: 1 MiB a stream, so that a request of 100 documents comes in one piece
 * (HTTP/2 starts with 64 KiB), and 16 MiB a connection.
 */
const streamWindowBytes = 1024 * 1024
const connectionWindowBytes = 16 * 1024 * 1024

/** Calls of one connection at once; clients keep the rest back. */
const maxConcurrentStreams = 65_536

const keepAliveMs = 60_000

const settings: ServerOptions & ServerOpts = {
  settings: { initialWindowSize: streamWindowBytes, maxConcurrentStreams, enablePush: false },
  // in MB; what Node counts here are messages under way, which have limits of their own
  maxSessionMemory: Number.MAX_SAFE_INTEGER,
  // of the system, to notice clients that vanished; pings of HTTP/2 would hang up on a program that is busy
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
  noDelay: true,
}

/**
 * The gateway's gRPC server, on `node:http2` itself: about a quarter less CPU a call than through grpc-js, windows that
 * can be set, and nothing to load. A client may ping as often as it likes.
 */
export class GrpcServer implements ProtocolServer {
  readonly #server: Http2Server
  readonly #services: Services
  readonly #clock: Clock
  readonly #maxMessageBytes: number
  readonly #check: ReturnType<typeof recipientCheck>
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #streams = new Set<MessageListener>()
  #closed: Promise<void> | undefined

  constructor(serving: Serving, clock: Clock) {
    this.#clock = clock
    this.#maxMessageBytes = serving.maxMessageBytes
    this.#check = recipientCheck(serving.identity)
    this.#services = services(serving)
    this.#server = createServer(settings)
    this.#server.on('session', (session) => this.#accept(session))
    this.#server.on('stream', (stream, headers) => this.#serve(stream, headers))
    this.#server.on('sessionError', () => {}) // ends that connection, and is told to its streams
  }

  listen(host: string, port: number): Promise<number> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)))
      server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
    })
  }

  ready(): void {
    this.#services.state.start()
  }

  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    this.#services.state.stop()
    if (!this.#server.listening) return
    const ended = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) session.close()
    for (const stream of this.#streams) stream.close()
    const cancel = this.#clock.after(graceMs, () => {
      for (const session of this.#sessions) session.destroy()
    })
    await ended
    cancel()
  }

  #accept(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.setLocalWindowSize(connectionWindowBytes)
    session.on('close', () => this.#sessions.delete(session))
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', ignore) // what follows from it is told by `close`
    if (headers[':method'] !== 'POST' || !headers['content-type']?.startsWith('application/grpc')) {
      stream.respond({ ':status': constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE }, { endStream: true })
      return
    }
    const path = String(headers[':path'])
    const { methods } = this.#services
    const method = Object.hasOwn(methods, path) ? methods[path] : undefined
    const call = new ServerCall(stream, headers, {
      clock: this.#clock,
      maxMessageBytes: this.#maxMessageBytes,
      timeoutMs: method === undefined || method.kind === 'stream' ? null : (method.timeoutMs ?? null),
    })
    const refusal = this.#check(headers[recipientHeader] as string | undefined)
    if (refusal !== null) return call.fail(refusal)
    if (method === undefined)
      return call.fail(new MillraceError('UNSUPPORTED', `There is no method ${path} here.`))
    const listener = serve(method, { stream, headers, call, maxMessageBytes: this.#maxMessageBytes })
    if (listener === undefined) return
    this.#streams.add(listener)
    stream.on('close', () => this.#streams.delete(listener))
  }
}

function ignore(): void {}

function bindError(error: NodeJS.ErrnoException, host: string, port: number): MillraceError {
  if (error.code === 'EADDRINUSE') {
    const what = `Port ${port} of ${host} is taken by another program. Choose another port, or 0 to let the system choose.`
    return new MillraceError('PORT_IN_USE', what, { cause: error })
  }
  return new MillraceError('START_FAILED', `The gateway cannot listen at ${host}:${port}: ${error.message}`, {
    cause: error,
  })
}
