import { createServer, type Server, type ServerOpts, type Socket } from 'node:net'
import type { Clock } from '../../lib/clock.js'
import type { Protocol, ProtocolServer } from '../protocols/protocol.js'
import type { ListenerSpec } from '../spec.js'
import { bind } from './bind.js'

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
  /** Milliseconds within which the first bytes of a client must show its protocol. */
  readonly handshakeMs: number
}

/**
 * Accepts connections on the ports of a gateway and hands each one to the server of its protocol.
 *
 * 1. All open sockets, including those of refused clients, are in `#sockets`; `destroy` closes all of them.
 * 2. A socket is handed to a server once its first bytes match a protocol. That must happen within `handshakeMs`.
 * 3. At `maxConnections` an unused connection is closed for the new client; if there is none, the new client is refused.
 */
export class Entrance {
  readonly #servers = new Set<Server>()
  readonly #options: EntranceOptions
  readonly #sockets = new Set<Socket>()
  /** Sockets whose protocol is not known yet, oldest first. */
  readonly #silent = new Set<Socket>()
  #refused = 0
  #closed: Promise<void> | undefined

  constructor(options: EntranceOptions) {
    this.#options = options
  }

  /** Binds a port for these protocols and resolves with its number. Rejects with PORT_IN_USE or START_FAILED. */
  async listen(spec: ListenerSpec, served: readonly Served[]): Promise<number> {
    const server = createServer(socketOptions, (socket) => this.#accept(socket, served))
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

  /** Reads until the first bytes show the client's protocol. */
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
      if (spoken !== undefined) socket.unshift(first) // the protocol's server reads all bytes itself
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
