import { createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import type { Budget } from '../../budget/budget.js'
import type { Clock } from '../../lib/clock.js'
import type { Protocol, ProtocolServer } from '../protocols/protocol.js'
import type { ListenerSpec } from '../spec.js'
import { type Handshake, type TlsTermination, tlsBytes } from '../tls/termination.js'
import { bind } from './bind.js'
import { HandshakePace } from './handshake-pace.js'

const noBytes: Buffer = Buffer.alloc(0)

const keepAliveMs = 60_000

const socketOptions: ServerOpts = {
  // TCP keep-alive notices clients that have vanished; HTTP/2 pings would also disconnect a client that is only busy
  keepAlive: true,
  keepAliveInitialDelay: keepAliveMs,
  noDelay: true,
}

/** How long a refused client may take to read the reason. */
const refusalReadMs = 1000

/** Number of refused clients that are sent the reason at the same time; further ones are disconnected without it. */
const maxOpenRefusals = 64

/** A protocol and the server for its connections. */
export interface Served {
  readonly protocol: Protocol
  readonly server: Pick<ProtocolServer, 'accept' | 'dropIdle'>
}

export interface EntranceOptions {
  readonly clock: Clock
  /** For all listeners together. */
  readonly maxConnections: number
  /** Milliseconds within which a client must have ended its TLS handshake, and its first bytes must show its protocol. */
  readonly handshakeMs: number
  /** TLS handshakes that begin in a second, of all listeners together; null for no limit. */
  readonly handshakesPerSecond: number | null
  /** Default null: no TLS. */
  readonly tls?: TlsTermination | null
  /** Where the memory of TLS is reserved. */
  readonly budget: Budget
}

/**
 * Accepts connections on the ports of a gateway and hands each one to the server of its protocol.
 *
 * 1. All open sockets, including those of refused clients, are in `#sockets`; `destroy` closes all of them.
 * 2. A socket is handed to a server once its first bytes match a protocol. That must happen within `handshakeMs`.
 * 3. At `maxConnections` an unused connection is closed for the new client; if there is none, the new client is refused:
 *    with TLS without a reason, which would cost a handshake.
 * 4. No more than `handshakesPerSecond` begin; a connection whose turn would come after `handshakeMs` is closed.
 */
export class Entrance {
  readonly #servers = new Set<Server>()
  readonly #options: EntranceOptions
  readonly #pace: HandshakePace
  readonly #sockets = new Set<Socket>()
  /** Sockets whose protocol is not known yet, oldest first. */
  readonly #silent = new Set<Socket>()
  #refused = 0
  #closed: Promise<void> | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
    this.#pace = new HandshakePace(options.handshakesPerSecond, options.clock)
  }

  /** Binds a port for these protocols and resolves with its number. Rejects with PORT_IN_USE or START_FAILED. */
  async listen(spec: ListenerSpec, served: readonly Served[]): Promise<number> {
    const handshake = this.#options.tls?.handshakeFor(spec.protocols) ?? null
    const server = createServer(socketOptions, (socket) => this.#accept(socket, served, handshake))
    const port = await bind(server, spec)
    server.on('error', ignore) // a connection could not be accepted, which its client sees
    this.#servers.add(server)
    return port
  }

  /**
   * Accepts no more clients; resolves when all sockets are closed. Sockets whose protocol is not known yet are closed at
   * once. Idempotent.
   */
  close(): Promise<void> {
    this.#closed ??= closeAll(this.#servers)
    for (const socket of this.#silent) socket.destroy()
    return this.#closed
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket, served: readonly Served[], handshake: Handshake | null): void {
    const { maxConnections } = this.#options
    socket.on('error', ignore) // `close` follows
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const isFull = this.#sockets.size - this.#refused > maxConnections
    if (!isFull || this.#dropSilent() || served.some(({ server }) => server.dropIdle())) {
      this.#welcome(socket, served, handshake)
    } else if (handshake !== null) socket.destroy()
    else {
      const why = `the gateway has ${maxConnections} connections, and takes no more (limits.maxConnections)`
      this.#refuse(socket, served[0]!.protocol.refusal(why))
    }
  }

  /** Ends TLS, if there is any, and finds out the client's protocol. */
  #welcome(socket: Socket, served: readonly Served[], handshake: Handshake | null): void {
    const cancel = this.#options.clock.after(this.#options.handshakeMs, () => socket.destroy())
    const done = (): void => {
      cancel()
      this.#silent.delete(socket)
      socket.removeListener('close', done)
    }
    this.#silent.add(socket)
    socket.once('close', done)
    if (handshake === null) return this.#greet(socket, served, done)
    const share = this.#options.budget.share()
    if (!share.reserve(tlsBytes)) return void socket.destroy()
    socket.once('close', () => share.close())
    const isEnough = (first: Buffer): boolean => beginsTls(first) || spokenBy(first, served) !== null
    readFirst(socket, isEnough, (first) => {
      if (beginsTls(first)) {
        const begin = (): void => {
          if (!socket.destroyed) handshake(socket, (secure) => this.#greet(secure, served, done))
        }
        if (!this.#pace.enter(begin, this.#options.handshakeMs)) socket.destroy()
        return
      }
      done()
      this.#refuse(socket, spokenBy(first, served)?.protocol.needsTls ?? '')
    })
  }

  /** Reads until the first bytes show the client's protocol. */
  #greet(socket: Socket, served: readonly Served[], onGreeted: () => void): void {
    const isEnough = (first: Buffer): boolean => spokenBy(first, served) !== null
    readFirst(socket, isEnough, (first) => {
      onGreeted()
      const spoken = spokenBy(first, served) ?? undefined
      const refusal = spoken === undefined ? served[0]!.protocol.mismatch : spoken.server.accept(socket)
      if (refusal !== undefined) this.#refuse(socket, refusal)
    })
    socket.once('end', () => socket.destroySoon())
  }

  #dropSilent(): boolean {
    const [oldest] = this.#silent
    oldest?.destroy()
    return oldest !== undefined
  }

  #refuse(socket: Socket, why: string | Buffer): void {
    if (this.#refused >= maxOpenRefusals) {
      socket.destroy()
      return
    }
    this.#refused++
    const cancel = this.#options.clock.after(refusalReadMs, () => socket.destroy())
    socket.once('close', () => {
      this.#refused--
      cancel()
    })
    socket.resume() // with unread bytes the socket would be reset, and the client would not get the reason
    socket.end(why)
  }
}

function ignore(): void {}

/** Reads until the first bytes are enough, and leaves all bytes unread. */
function readFirst(
  socket: Socket,
  isEnough: (first: Buffer) => boolean,
  done: (first: Buffer) => void,
): void {
  let first: Buffer = noBytes
  const onReadable = (): void => {
    const bytes = socket.read() as Buffer | null
    if (bytes === null) return // the client ended
    first = first.length === 0 ? bytes : Buffer.concat([first, bytes])
    if (!isEnough(first)) return
    socket.removeListener('readable', onReadable)
    socket.unshift(first)
    done(first)
  }
  socket.on('readable', onReadable)
}

/** Whether it is the beginning of a TLS handshake (RFC 8446, 5.1). */
function beginsTls(first: Buffer): boolean {
  return first[0] === 0x16
}

/** The protocol that starts with these bytes; null when more bytes are needed, undefined when none matches. */
function spokenBy(first: Buffer, served: readonly Served[]): Served | null | undefined {
  let mayBe = false
  for (const each of served) {
    const recognized = each.protocol.recognizes(first)
    if (recognized === true) return each
    mayBe ||= recognized === null
  }
  return mayBe ? null : undefined
}

async function closeAll(servers: Iterable<Server>): Promise<void> {
  await Promise.all([...servers].map((server) => new Promise((resolve) => server.close(resolve))))
}
