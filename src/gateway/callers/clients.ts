import type { Sender } from '../../call/call.js'
import { network } from '../rate-limit/network.js'
import { ProxyChain } from './trust-proxy.js'
import type { TrustProxy } from './trusted-proxies.js'

/** Clients behind proxies that are remembered; others are treated like new ones. */
const mostClients = 10_000

/** One client: a connection, or a client behind a proxy. */
export interface Client {
  /** Without port; empty when the connection is closed. */
  readonly address: string
  /** For fair queueing, and for the log. */
  readonly sender: Sender
}

/** Says whose call arrives on a connection. */
export type ClientOf = (
  connection: Client,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
) => Client

/** With `trustProxy: false` each connection is a client; otherwise trusted proxies say who their clients are. */
export function clientsBehind(rule: TrustProxy): ClientOf {
  if (rule === false) return (connection) => connection
  const chain = new ProxyChain(rule)
  const known = new Map<string, Client>()
  return (connection, headers) => {
    const { protocol = '' } = connection.sender
    const forwardedFor = headers['x-forwarded-for']
    const address = chain.clientOf(connection.address, forwardedFor?.toString())
    if (address === connection.address) return connection
    const key = `${protocol} ${address}`
    const client = known.get(key) ?? {
      address,
      sender: { patient: false, protocol, client: address, address: network(address) },
    }
    known.delete(key)
    known.set(key, client)
    if (known.size > mostClients) known.delete(known.keys().next().value!)
    return client
  }
}
