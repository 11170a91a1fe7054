import type { Clock } from '../../lib/clock.js'
import type { Address } from '../../transport/transport.js'
import type { LiveStage } from '../stage.js'
import type { Lookup } from './lookup.js'
import { ExternalServer } from './server.js'

/** Between two looks. */
const everyMs = 1000

/** Looks in a row that must find nobody before that is believed: a name server that restarts knows no name for a while. */
const looksWithoutAnybody = 3

/** Milliseconds that a server which left the name may take to finish what it has. */
const graceMs = 30_000

export interface DiscoveredInit {
  readonly shard: number
  /** Its host is a name with as many addresses as there are servers: that of a headless Service, or of a Compose service. */
  readonly address: Extract<Address, { kind: 'grpc' }>
}

export interface DiscoveredTools {
  readonly clock: Clock
  readonly lookup: Lookup
}

/**
 * The servers behind a name, which is looked up again and again.
 *
 * 1. A server that is new takes part once it has said what it serves.
 * 2. One whose address is gone gets no more requests, and may finish those that it has.
 * 3. When the name cannot be looked up everything stays as it is.
 */
export class DiscoveredServers {
  readonly #stage: LiveStage
  readonly #init: DiscoveredInit
  readonly #tools: DiscoveredTools
  readonly #servers = new Map<string, ExternalServer>()
  #cancel: () => void = () => {}
  #empty = 0
  #closed = false

  constructor(stage: LiveStage, init: DiscoveredInit, tools: DiscoveredTools) {
    this.#stage = stage
    this.#init = init
    this.#tools = tools
  }

  /** Resolves when those that the first look finds have been tried. Never rejects. */
  async open(): Promise<void> {
    const added = await this.#look()
    await Promise.all(added)
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    this.#closed = true
    this.#cancel()
    await Promise.all([...this.#servers.values()].map((server) => server.close(options)))
  }

  /** Gives the trials of those that are new. */
  async #look(): Promise<readonly Promise<void>[]> {
    const { clock, lookup } = this.#tools
    const found = await lookup(this.#init.address.host).catch(() => null)
    if (this.#closed) return []
    this.#cancel = clock.after(everyMs, () => void this.#look())
    if (found === null) return []
    this.#empty = found.length === 0 ? this.#empty + 1 : 0
    if (this.#empty > 0 && this.#empty < looksWithoutAnybody) return []
    return this.#settle(new Set(found))
  }

  #settle(hosts: ReadonlySet<string>): readonly Promise<void>[] {
    for (const [host, server] of this.#servers) {
      if (hosts.has(host)) continue
      this.#servers.delete(host)
      void server.close({ graceMs }) // never rejects
    }
    const fresh = [...hosts].filter((host) => !this.#servers.has(host))
    return fresh.map((host) => {
      const { shard, address } = this.#init
      const name = `${this.#stage.shards[shard]!.name}/${host}:${address.port}`
      const init = { name, shard, address: { ...address, host }, mustDescribe: true }
      const server = new ExternalServer(this.#stage, init, this.#tools.clock)
      this.#servers.set(host, server)
      return server.open()
    })
  }
}
