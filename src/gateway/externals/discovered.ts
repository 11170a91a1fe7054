import { authority } from '../../lib/authority.js'
import type { Address } from '../../transport/transport.js'
import type { LiveStage } from '../stage.js'
import type { HostSource } from '../../discovery/host-source.js'
import { ExternalServer, type ServerTools } from './server.js'

/** Milliseconds that a server may take to finish its requests after discovery no longer lists it. */
const graceMs = 30_000

export interface DiscoveredInit {
  readonly shard: number
  /** Its host is a name that stands for any number of servers. */
  readonly address: Extract<Address, { kind: 'grpc' }>
  readonly source: HostSource
}

/**
 * The servers that discovery finds behind a host name.
 *
 * 1. A new server gets requests once it has identified and described itself.
 * 2. A server that discovery no longer lists gets no more requests, and may finish the ones in flight.
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

  /** Resolves after the first connection attempts to the servers found first. Never rejects. */
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
