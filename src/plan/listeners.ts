import { MillraceError } from '../errors.js'
import type { ListenerSpec } from '../gateway/spec.js'
import type { FlowSettings } from './flow-settings.js'

/**
 * The ports of a Flow's gateway. Protocols and ports are matched by position. With a single port all protocols share it,
 * and so do protocols with equal port numbers.
 *
 * @throws INVALID_OPTION when the numbers of ports and protocols differ, or when a protocol would have a port twice
 */
export function listenersOf({
  protocol: protocols,
  host,
  port: ports,
}: Pick<FlowSettings, 'protocol' | 'host' | 'port'>): readonly ListenerSpec[] {
  if (ports.length !== 1 && ports.length !== protocols.length) {
    throw new MillraceError(
      'INVALID_OPTION',
      `Flow: port must be one number, or as many as there are protocols: ${protocols.length}, not ${ports.length}.`,
    )
  }
  if (ports.length === 1) return [{ protocols: distinct(protocols, ports[0]!), host, port: ports[0]! }]
  return ports.flatMap((port, index): readonly ListenerSpec[] => {
    // the system chooses a different port for each 0
    if (port === 0) return [{ protocols: [protocols[index]!], host, port }]
    if (ports.indexOf(port) !== index) return []
    const own = protocols.filter((_, at) => ports[at] === port)
    return [{ protocols: distinct(own, port), host, port }]
  })
}

/** @throws INVALID_OPTION */
function distinct<T extends string>(protocols: readonly T[], port: number): readonly T[] {
  const twice = protocols.find((name, index) => protocols.indexOf(name) !== index)
  if (twice === undefined) return protocols
  throw new MillraceError(
    'INVALID_OPTION',
    `Flow: protocol has '${twice}' twice for ${port === 0 ? 'one port' : `port ${port}`}. Name it once, or give each its own port.`,
  )
}

/** A port of a gateway, and the scheme of its URL. */
export interface Entry {
  readonly scheme: 'grpc' | 'grpcs' | 'http' | 'https' | 'ws' | 'wss'
  readonly host: string
  readonly port: number
}

/** A port of a gateway, as far as a client needs to know it. */
interface Listener {
  readonly protocols: readonly string[]
  readonly host: string
  readonly port: number
  /** Default false. */
  readonly tls?: boolean
}

/** Protocols and the schemes of their URLs, those first that serve a client best. */
const schemes = [
  ['grpc', 'grpc'],
  ['http', 'http'],
  ['websocket', 'ws'],
] as const

/** How to reach each protocol that a gateway speaks: gRPC first, then HTTP, then WebSocket. */
export function entriesOf(listeners: readonly Listener[]): readonly Entry[] {
  return schemes.flatMap(([protocol, scheme]) =>
    listeners
      .filter(({ protocols }) => protocols.includes(protocol))
      .map(({ host, port, tls = false }): Entry => ({ scheme: schemeOf(scheme, tls), host, port })),
  )
}

/** The listener for clients and health checks of Millrace: the first that speaks gRPC, else HTTP, else WebSocket. */
export function entryOf(listeners: readonly Listener[]): Entry {
  return entriesOf(listeners)[0]!
}

/** A protocol as people are shown it: `grpcs`, `https` and `wss` with TLS. */
export function shownProtocol(protocol: string, tls: boolean): string {
  return tls && protocol === 'websocket' ? 'wss' : schemeOf(protocol, tls)
}

/** The scheme of a protocol's URLs, as clients write it. */
function schemeOf<T extends string>(protocol: T, tls: boolean): T | `${T}s` {
  return tls ? `${protocol}s` : protocol
}
