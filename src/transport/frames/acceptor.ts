import type { Sender, Service } from '../../call/call.js'
import { anonymousSender } from '../../call/scope.js'
import { systemClock } from '../../lib/clock.js'
import type { Link } from './link.js'
import { Server } from './server.js'

/** Milliseconds that a closing listener waits for calls in flight, by default. */
export const defaultGraceMs = 5000

export interface AcceptorOptions {
  /** Creates the sender for the calls of one link. Default: `anonymousSender`. */
  readonly sender?: (() => Sender) | undefined
  /** Milliseconds for one call, where its caller does not set less; null for no limit. */
  readonly timeoutMs?: number | null | undefined
}

/** The accepted links of a listener. */
export class Acceptor {
  readonly #service: Service
  readonly #sender: () => Sender
  readonly #timeoutMs: number | null
  readonly #servers = new Set<Server>()
  #closing: Promise<void> | null = null

  constructor(service: Service, { sender = () => anonymousSender, timeoutMs = null }: AcceptorOptions = {}) {
    this.#service = service
    this.#sender = sender
    this.#timeoutMs = timeoutMs
  }

  accept(link: Link): void {
    const server = new Server(link, this.#service, { sender: this.#sender(), timeoutMs: this.#timeoutMs })
    this.#servers.add(server)
    void server.gone.then(() => this.#servers.delete(server))
    if (this.#closing !== null) void server.drain().then(() => server.close())
  }

  /** Refuses new calls, waits at most `graceMs` for calls in flight, then closes every link. Idempotent. */
  close(graceMs: number = defaultGraceMs): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    const servers = [...this.#servers]
    await new Promise<void>((resolve) => {
      const cancel = systemClock.after(graceMs, resolve)
      void Promise.all(servers.map((server) => server.drain())).then(() => {
        cancel()
        resolve()
      })
    })
    for (const server of this.#servers) server.close()
    await Promise.all(servers.map((server) => server.gone))
  }
}
