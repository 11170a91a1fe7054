import type { KubernetesObject } from './object.js'

export const serviceAccountName = 'millrace'

/** Of all pods, with no rights: none of them talks to the cluster. */
export function serviceAccount(namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: {
      name: serviceAccountName,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'millrace' },
    },
    automountServiceAccountToken: false,
  }
}
