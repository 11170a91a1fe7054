import type { Sender, Service } from '../../call/call.js'
import { somebody } from '../../call/scope.js'
import { systemClock } from '../../lib/clock.js'
import type { Link } from './link.js'
import { Server } from './server.js'

/** How long calls in flight may take when a listener closes. */
export const defaultGraceMs = 5000

/** The links a listener has accepted, and their common end. */
export class Acceptor {
  readonly #service: Service
  readonly #sender: () => Sender
  readonly #servers = new Set<Server>()
  #closing: Promise<void> | null = null

  /** `sender` gives who the calls of one link are from. */
  constructor(service: Service, sender: () => Sender = () => somebody) {
    this.#service = service
    this.#sender = sender
  }

  accept(link: Link): void {
    const server = new Server(link, this.#service, this.#sender())
    this.#servers.add(server)
    void server.gone.then(() => this.#servers.delete(server))
    if (this.#closing !== null) void server.drain().then(() => server.close())
  }

  /** Refuses new calls, waits for those in flight for at most `graceMs`, then ends every link. Idempotent. */
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
