import { createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import type { Clock } from '../../lib/clock.js'
import type { Protocol, ProtocolServer } from '../protocols/protocol.js'
import type { ListenerSpec } from '../spec.js'
import { bind } from './bind.js'

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

/** A protocol and the server of its connections. */
export interface Served {
  readonly protocol: Protocol
  readonly server: Pick<ProtocolServer, 'accept' | 'dropIdle'>
}

export interface EntranceOptions {
  readonly clock: Clock
  /** Of all listeners together. */
  readonly maxConnections: number
  /** Milliseconds in which a client must have shown which protocol it speaks. */
  readonly handshakeMs: number
}

/**
 * Where clients connect, before any protocol: the ports of a gateway.
 *
 * 1. Sockets that are open, those refused included, are in `#sockets`; `destroy` leaves none.
 * 2. A socket is given to a server once its first bytes are those of a protocol. Until then it has `handshakeMs`.
 * 3. At `maxConnections` one that is not used makes room, or the new client is refused.
 */
export class Entrance {
  readonly #servers = new Set<Server>()
  readonly #options: EntranceOptions
  readonly #sockets = new Set<Socket>()
  /** Those that have not shown what they speak, oldest first. */
  readonly #silent = new Set<Socket>()
  #refused = 0
  #closed: Promise<void> | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
  }

  /** Binds a port of these protocols; gives its number. Rejects with PORT_IN_USE or START_FAILED. */
  async listen(spec: ListenerSpec, served: readonly Served[]): Promise<number> {
    const server = createServer(socketOptions, (socket) => this.#accept(socket, served))
    const port = await bind(server, spec)
    server.on('error', ignore) // a connection could not be accepted, which its client sees
    this.#servers.add(server)
    return port
  }

  /** Takes no more clients; resolves when all sockets are closed. Silent ones are closed at once. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= closeAll(this.#servers)
    for (const socket of this.#silent) socket.destroy()
    return this.#closed
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket, served: readonly Served[]): void {
    const { maxConnections } = this.#options
    socket.on('error', ignore) // `close` follows
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const isFull = this.#sockets.size - this.#refused > maxConnections
    if (isFull && !this.#dropSilent() && !served.some(({ server }) => server.dropIdle())) {
      const why = `the gateway has ${maxConnections} connections, and takes no more (limits.maxConnections)`
      this.#refuse(socket, served[0]!.protocol.refusal(why))
    } else this.#greet(socket, served)
  }

  /** Waits until the client has shown which protocol it speaks. */
  #greet(socket: Socket, served: readonly Served[]): void {
    const cancel = this.#options.clock.after(this.#options.handshakeMs, () => socket.destroy())
    let first: Buffer = noBytes
    const onReadable = (): void => {
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return // the client ended
      first = first.length === 0 ? bytes : Buffer.concat([first, bytes])
      const spoken = spokenBy(first, served)
      if (spoken === null) return
      done()
      if (spoken !== undefined) socket.unshift(first) // it is for the protocol to read
      const refusal = spoken === undefined ? served[0]!.protocol.mismatch : spoken.server.accept(socket)
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

/** What a client speaks that begins with these bytes; null when more are needed, undefined for none of them. */
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
