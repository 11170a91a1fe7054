import { containerPort } from '../../containers/container-paths.js'
import type { KubernetesObject } from './object.js'
import { metadata, type Part, selector } from './part.js'

/** A Service with one address for all gateways. */
export function gatewayService(part: Part): KubernetesObject {
  return service(part, { type: 'ClusterIP' })
}

/**
 * A headless Service, which lists the address of each ready replica: the gateway balances requests itself, as a cluster IP
 * would balance connections only.
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
