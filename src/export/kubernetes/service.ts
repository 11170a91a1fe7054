import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'
import { metricsPorts, type NamedPort, onePort } from './ports.js'

/** A Service with one address for all gateways. */
export function gatewayService(part: Part, ports: readonly NamedPort[]): KubernetesObject {
  return service(part, { type: 'ClusterIP' }, ports)
}

/**
 * A headless Service, which lists the address of each ready replica: the gateway balances requests itself, as a cluster IP
 * would balance connections only.
 */
export function headlessService(part: Part, metricsPort: number | null): KubernetesObject {
  const ports = [...onePort, ...metricsPorts(metricsPort)]
  return service(part, { clusterIP: 'None', publishNotReadyAddresses: false }, ports)
}

function service(part: Part, spec: object, named: readonly NamedPort[]): KubernetesObject {
  const ports = named.map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' }))
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(part),
    spec: { ...spec, selector: selector(part), ports },
  }
}
