import { authority } from '../../lib/authority.js'
import type { Address } from '../../transport/transport.js'
import type { LiveStage } from '../stage.js'
import type { HostSource } from '../../discovery/host-source.js'
import { ExternalServer, type ServerTools } from './server.js'

/** Milliseconds that a server which is gone from its source may take to finish what it has. */
const graceMs = 30_000

export interface DiscoveredInit {
  readonly shard: number
  /** Its host is a name behind which there may be several servers, or none. */
  readonly address: Extract<Address, { kind: 'grpc' }>
  readonly source: HostSource
}

/**
 * The servers behind a name, as its source finds them.
 *
 * 1. A server that is new takes part once it has said who it is and what it serves.
 * 2. One that the source no longer names gets no more requests, and may finish those that it has.
 */
export class DiscoveredServers {
  readonly #stage: LiveStage
  readonly #init: DiscoveredInit
  readonly #tools: ServerTools
  readonly #servers = new Map<string, ExternalServer>()
  #opening: Promise<unknown> = Promise.resolve()

  constructor(stage: LiveStage, init: DiscoveredInit, tools: ServerTools) {
    this.#stage = stage
    this.#init = init
    this.#tools = tools
  }

  /** Resolves when those that are found first have been tried. Never rejects. */
  async open(): Promise<void> {
    await this.#init.source.open((hosts) => this.#settle(hosts))
    await this.#opening
  }

  async close(options: { readonly graceMs: number }): Promise<void> {
    this.#init.source.close()
    await Promise.all([...this.#servers.values()].map((server) => server.close(options)))
  }

  #settle(hosts: ReadonlySet<string>): void {
    for (const [host, server] of this.#servers) {
      if (hosts.has(host)) continue
      this.#servers.delete(host)
      void server.close({ graceMs }) // never rejects
    }
    const fresh = [...hosts].filter((host) => !this.#servers.has(host))
    this.#opening = Promise.all(fresh.map((host) => this.#add(host)))
  }

  #add(host: string): Promise<void> {
    const { shard, address } = this.#init
    const name = `${this.#stage.shards[shard]!.name}/${authority(host, address.port)}`
    const init = { name, shard, address: { ...address, host }, isReplica: true }
    const server = new ExternalServer(this.#stage, init, this.#tools)
    this.#servers.set(host, server)
    return server.open()
  }
}
