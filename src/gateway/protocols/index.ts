import type { ProtocolName } from './names.js'
import type { Protocol } from './protocol.js'

/** The protocols that a gateway can speak to clients; each is loaded on demand, with its dependencies. */
const protocols: Readonly<Record<ProtocolName, () => Promise<Protocol>>> = {
  grpc: async () => (await import('./grpc/protocol.js')).grpc,
  http: async () => (await import('./http/protocol.js')).http,
}

/** Imports a protocol. */
export function loadProtocol(name: ProtocolName): Promise<Protocol> {
  return protocols[name]()
}
