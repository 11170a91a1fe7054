import { createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { MillraceError } from '../../../errors.js'
import type { Clock } from '../../../lib/clock.js'
import { goAway, httpVersionNotSupported } from './rejections.js'

/** What an HTTP/2 client sends first (RFC 9113, 3.4); the method in it tells it from all that HTTP/1 knows. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const noBytes: Buffer = Buffer.alloc(0)

const keepAliveMs = 60_000

const socketOptions: ServerOpts = {
  // of the system, to notice clients that vanished; pings of HTTP/2 would hang up on a program that is busy
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
  noDelay: true,
}

/** How long a client that was refused may take to read why. */
const lastWordsMs = 1000

/** Clients that are told why they are refused, at once; more of them are just cut off. */
const mostLastWords = 64

export interface EntranceOptions {
  readonly clock: Clock
  readonly maxConnections: number
  /** Milliseconds in which a client must have sent the preface. */
  readonly handshakeMs: number
  /** A client that speaks HTTP/2; its first bytes are still to be read. Gives what to tell it when it is refused. */
  readonly onClient: (socket: Socket) => Buffer | undefined
  /** Closes a connection that nobody needs; false when there is none. */
  readonly makeRoom: () => boolean
}

/**
 * Where clients connect, before HTTP/2.
 *
 * 1. Sockets that are open, those refused included, are in `#sockets`; `destroy` leaves none.
 * 2. A socket is handed on once its first bytes are those of HTTP/2. Until then it has `handshakeMs`.
 * 3. At `maxConnections` one that is not used makes room, or the new client is refused.
 */
export class Entrance {
  readonly #server: Server
  readonly #options: EntranceOptions
  readonly #sockets = new Set<Socket>()
  /** Those that have not said what they speak, oldest first. */
  readonly #silent = new Set<Socket>()
  #refused = 0
  #closed: Promise<void> | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#server = createServer(socketOptions, (socket) => this.#accept(socket))
  }

  /** Gives the port. Rejects with PORT_IN_USE or START_FAILED. */
  listen(host: string, port: number): Promise<number> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(error, host, port)))
      server.listen({ host, port, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
    })
  }

  /** Takes no more clients; resolves when all sockets are closed. Silent ones are closed at once. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#silent) socket.destroy()
    return this.#closed
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    const { maxConnections, makeRoom } = this.#options
    socket.on('error', ignore) // `close` follows
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const isFull = this.#sockets.size - this.#refused > maxConnections
    if (isFull && !this.#dropSilent() && !makeRoom()) {
      const why = `the gateway has ${maxConnections} connections, and takes no more (limits.maxConnections)`
      this.#refuse(socket, goAway(why))
    } else this.#greet(socket)
  }

  /** Waits for the preface. */
  #greet(socket: Socket): void {
    const cancel = this.#options.clock.after(this.#options.handshakeMs, () => socket.destroy())
    let said: Buffer = noBytes
    const onReadable = (): void => {
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return // the client ended
      said = said.length === 0 ? bytes : Buffer.concat([said, bytes])
      const length = Math.min(said.length, preface.length)
      const isHttp2 = said.subarray(0, length).equals(preface.subarray(0, length))
      if (isHttp2 && length < preface.length) return
      done()
      if (isHttp2) socket.unshift(said) // it is for HTTP/2 to read
      const refusal = isHttp2 ? this.#options.onClient(socket) : httpVersionNotSupported
      if (refusal !== undefined) this.#refuse(socket, refusal)
    }
    const done = (): void => {
      cancel()
      this.#silent.delete(socket)
      socket.removeListener('readable', onReadable)
      socket.removeListener('close', done)
    }
    this.#silent.add(socket)
    socket.on('readable', onReadable)
    socket.once('close', done)
    socket.once('end', () => socket.destroySoon())
  }

  #dropSilent(): boolean {
    const [oldest] = this.#silent
    oldest?.destroy()
    return oldest !== undefined
  }

  #refuse(socket: Socket, why: string | Buffer): void {
    if (this.#refused >= mostLastWords) {
      socket.destroy()
      return
    }
    this.#refused++
    const cancel = this.#options.clock.after(lastWordsMs, () => socket.destroy())
    socket.once('close', () => {
      this.#refused--
      cancel()
    })
    socket.resume() // unread bytes would turn the end into a reset, which takes the reason away
    socket.end(why)
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
