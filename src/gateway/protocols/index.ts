import type { Protocol } from './protocol.js'

/** The protocols that a gateway can speak to clients; each is loaded on demand, with its dependencies. */
const protocols = {
  grpc: async () => (await import('./grpc/protocol.js')).grpc,
} as const satisfies Record<string, () => Promise<Protocol>>

/** Protocol between clients and the gateway. */
export type ProtocolName = keyof typeof protocols

export const protocolNames: readonly ProtocolName[] = Object.keys(protocols) as ProtocolName[]

/** Imports a protocol. */
export function loadProtocol(name: ProtocolName): Promise<Protocol> {
  return protocols[name]()
}
