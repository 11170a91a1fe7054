import type { KubernetesObject } from './object.js'

/** Service accounts of pods. */
export interface Account {
  readonly name: string
  readonly hasToken: boolean
}

/** The service accounts of the gateway's and of the Executors' pods. */
export const accounts = {
  /** May watch EndpointSlices. */
  gateway: { name: 'millrace-gateway', hasToken: true },
  /** No permissions and no token: users' code must not reach the API. */
  executor: { name: 'millrace', hasToken: false },
} as const satisfies Readonly<Record<string, Account>>

const labels = { 'app.kubernetes.io/managed-by': 'millrace' }
const group = 'rbac.authorization.k8s.io'

/** The accounts of all pods, and the gateway's single permission, limited to its namespace. */
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

/** No token by default; pods that need one opt in. */
function account(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, labels },
    automountServiceAccountToken: false,
  }
}
