import type { KubernetesObject } from './object.js'

/** Who a pod is to the API. */
export interface Account {
  readonly name: string
  readonly hasToken: boolean
}

export const accounts = {
  /** May watch where the replicas are. */
  gateway: { name: 'millrace-gateway', hasToken: true },
  /** May nothing, and has no token: what users wrote does not talk to the API. */
  executor: { name: 'millrace', hasToken: false },
} as const satisfies Readonly<Record<string, Account>>

const labels = { 'app.kubernetes.io/managed-by': 'millrace' }
const group = 'rbac.authorization.k8s.io'

/** The accounts of all pods, and the one right that the gateway has, in its namespace only. */
export function serviceAccounts(namespace: string): readonly KubernetesObject[] {
  const metadata = { name: accounts.gateway.name, namespace, labels }
  return [
    account(accounts.executor.name, namespace),
    account(accounts.gateway.name, namespace),
    {
      apiVersion: `${group}/v1`,
      kind: 'Role',
      metadata,
      rules: [
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name: metadata.name },
      subjects: [{ kind: 'ServiceAccount', name: metadata.name, namespace }],
    },
  ]
}

/** Pods that want a token say so themselves. */
function account(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  }
}
