import type { ProtocolName } from './names.js'
import type { Protocol } from './protocol.js'

/** The protocols that a gateway can speak to clients; each is loaded on demand, with its dependencies. */
const protocols: Readonly<Record<ProtocolName, () => Promise<Protocol>>> = {
  grpc: async () => (await import('./grpc/protocol.js')).grpc,
  http: async () => (await import('./http/protocol.js')).http,
  websocket: async () => (await import('./websocket/protocol.js')).websocket,
}

/** Imports a protocol. */
export function loadProtocol(name: ProtocolName): Promise<Protocol> {
  return protocols[name]()
}

/** Imports the protocols of one port, told apart by the first bytes of a connection: HTTP and WebSocket, which begin alike, are one. */
export async function loadProtocols(names: readonly ProtocolName[]): Promise<readonly Protocol[]> {
  if (!names.includes('http') || !names.includes('websocket')) return Promise.all(names.map(loadProtocol))
  const { httpAndWebSocket } = await import('./websocket/protocol.js')
  const others = names.filter((name) => name !== 'http' && name !== 'websocket')
  return [...(await Promise.all(others.map(loadProtocol))), httpAndWebSocket]
}
