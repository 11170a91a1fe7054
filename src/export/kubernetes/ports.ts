import { containerPort } from '../../containers/container-paths.js'
import type { ProtocolName } from '../../gateway/protocols/names.js'
import type { ListenerSpec } from '../../gateway/spec.js'

/** A port of a container, and of a Service. */
export interface NamedPort {
  readonly name: string
  readonly port: number
  readonly protocols: readonly ProtocolName[]
}

/** The port of the metrics of a container; none for null. */
export function metricsPorts(port: number | null): readonly NamedPort[] {
  return port === null ? [] : [{ name: 'metrics', port, protocols: [] }]
}

/** The port of an executor's container. */
export const onePort: readonly NamedPort[] = [{ name: 'port', port: containerPort, protocols: ['grpc'] }]

/**
 * The ports of a gateway. The first has the name of an executor's port, the others are named after a protocol, in at most 15
 * letters (RFC 6335, 5.1).
 */
export function portsOf(listeners: readonly ListenerSpec[]): readonly NamedPort[] {
  return listeners.map(({ protocols, port }, index) => ({
    name: index === 0 ? 'port' : `${protocols[0]}-${index}`,
    port,
    protocols,
  }))
}
