import type { KubernetesObject } from '../../export/kubernetes/object.js'
import { gatewayPart, metadata } from '../../export/kubernetes/part.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { checksum } from '../../containers/checksum.js'
import { type CertificateFile, readCertificates } from '../certificates.js'
import type { Cluster } from './api/cluster.js'
import type { Pod } from './api/live.js'
import { listAllowed, patch } from './api/objects.js'
import { labels, selectorOf } from './objects-of.js'

/** The Secret with the files of `tls`, which the gateway mounts; none for a Flow without. @throws INVALID_OPTION */
export function certificateSecrets(plan: FlowPlan, namespace: string): readonly KubernetesObject[] {
  const files = readCertificates(plan.settings.tls)
  return files.length === 0 ? [] : [certificateSecret(plan, namespace, files)]
}

/** The Secret with these files, as `kubectl create secret tls` makes it. */
export function certificateSecret(
  plan: FlowPlan,
  namespace: string,
  files: readonly CertificateFile[],
): KubernetesObject {
  const data = Object.fromEntries(files.map(({ name, text }) => [name, Buffer.from(text).toString('base64')]))
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(gatewayPart(plan, namespace), '-tls'),
    type: 'kubernetes.io/tls',
    data,
  }
}

/** Of a pod of the gateway: says which certificate it was told of. The key is not part of it. */
const annotation = 'checksum/certificate'

/**
 * Lets the kubelets look at the gateway's pods, because each mounts the changed Secret the next time that it does: a change of a pod
 * makes it look at once, and otherwise it does each minute or two. So it does not matter when the user may not change pods.
 */
export async function mountAgain(
  cluster: Cluster,
  { namespace, flow }: { readonly namespace: string; readonly flow: string },
  files: readonly CertificateFile[],
): Promise<void> {
  const selector = `${selectorOf(flow)},${labels.component}=gateway`
  const pods = (await listAllowed<Pod>(cluster, 'Pod', { namespace, labels: selector })) ?? []
  const sum = checksum(files.filter(({ name }) => name !== 'tls.key').map(({ text }) => text))
  const body = { metadata: { annotations: { [annotation]: sum } } }
  await Promise.all(
    pods.map(({ metadata: { name } }) =>
      patch(cluster, { kind: 'Pod', namespace, name }, { kind: 'merge', body }),
    ),
  )
}
