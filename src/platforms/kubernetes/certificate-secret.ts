import type { KubernetesObject } from '../../export/kubernetes/object.js'
import { gatewayPart, metadata } from '../../export/kubernetes/part.js'
import type { FlowPlan } from '../../plan/flow-plan.js'
import { type CertificateFile, readCertificates } from '../certificates.js'

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
