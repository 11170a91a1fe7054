import { containerPort } from '../../containers/container-paths.js'
import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

/** One address for all gateways. */
export function gatewayService(part: Part): KubernetesObject {
  return service(part, { type: 'ClusterIP' })
}

/**
 * The address of each replica that is ready: the gateway balances by itself, because one address for all of them would
 * balance connections, not requests.
 */
export function headlessService(part: Part): KubernetesObject {
  return service(part, { clusterIP: 'None', publishNotReadyAddresses: false })
}

function service(part: Part, spec: object): KubernetesObject {
  const port = { name: 'port', port: containerPort, targetPort: containerPort, protocol: 'TCP' }
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(part),
    spec: { ...spec, selector: selector(part), ports: [port] },
  }
}
