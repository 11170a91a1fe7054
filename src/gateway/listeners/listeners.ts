/**
 * The ports of a gateway and the servers of their protocols.
 *
 * 1. A protocol has one server, however many ports it has.
 * 2. When one port cannot be bound, those bound before are closed.
 * 3. `close` ends within its grace, whatever clients do.
 */
import { connectionsAllowed } from '../../budget/descriptors.js'
import type { Clock } from '../../lib/clock.js'
import { loadProtocols } from '../protocols/index.js'
import type { Protocol, ProtocolServer } from '../protocols/protocol.js'
import type { Serving } from '../serving.js'
import type { ListenerSpec } from '../spec.js'
import type { TlsTermination } from '../tls/termination.js'
import { Entrance, type Served } from './entrance.js'

export class Listeners {
  readonly #specs: readonly ListenerSpec[]
  readonly #serving: Serving
  readonly #clock: Clock
  readonly #entrance: Entrance
  readonly #served = new Map<Protocol, Served & { readonly server: ProtocolServer }>()
  #closed: Promise<void> | undefined

  constructor(
    specs: readonly ListenerSpec[],
    serving: Serving,
    { clock, tls = null }: { readonly clock: Clock; readonly tls?: TlsTermination | null },
  ) {
    const { limits, budget } = serving
    const { maxConnections, handshakeMs, handshakesPerSecond } = limits
    this.#specs = specs
    this.#serving = serving
    this.#clock = clock
    this.#entrance = new Entrance({
      clock,
      maxConnections: maxConnections ?? connectionsAllowed(),
      handshakeMs,
      handshakesPerSecond,
      tls,
      budget,
    })
  }

  /** Binds every port; resolves with their numbers, in the order of the listeners. Rejects with PORT_IN_USE or START_FAILED. */
  async listen(): Promise<readonly number[]> {
    const ports: number[] = []
    try {
      for (const spec of this.#specs) {
        const protocols = await loadProtocols(spec.protocols)
        const served = protocols.map((protocol) => this.#serve(protocol))
        for (const { server } of served) await server.open?.()
        ports.push(await this.#entrance.listen(spec, served))
      }
      return ports
    } catch (error) {
      await this.close({ graceMs: 0 })
      throw error
    }
  }

  /** Accepts no more clients, lets calls in flight finish for `graceMs`, then ends them. Idempotent. */
  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed ??= this.#close(graceMs)
    return this.#closed
  }

  async #close(graceMs: number): Promise<void> {
    const closed = this.#entrance.close()
    const servers = [...this.#served.values()].map(({ server }) => server.close({ graceMs }))
    const cancel = this.#clock.after(graceMs, () => this.#entrance.destroy())
    await Promise.all([closed, ...servers])
    cancel()
  }

  #serve(protocol: Protocol): Served & { readonly server: ProtocolServer } {
    const known = this.#served.get(protocol)
    if (known !== undefined) return known
    const served = { protocol, server: protocol.createServer(this.#serving, this.#clock) }
    this.#served.set(protocol, served)
    return served
  }
}
