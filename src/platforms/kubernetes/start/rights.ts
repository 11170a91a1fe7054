import { MillraceError } from '../../../errors.js'
import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { Cluster } from '../api/cluster.js'
import { type Kind, kinds } from '../api/objects.js'
import { kindOf } from '../objects-of.js'

/** A permission in a namespace. */
export interface Right {
  readonly verb: string
  readonly resource: string
  readonly subresource?: string
  readonly group: string
}

/** Permissions needed to apply these objects and to wait for their pods. */
export function startRights(
  objects: readonly KubernetesObject[],
  { forwards }: { readonly forwards: boolean },
): readonly Right[] {
  return [
    ...[...new Set(objects.map(({ kind }) => kindOf(kind)))].flatMap((kind) =>
      ['get', 'create', 'patch'].map((verb) => rightTo(verb, kind)),
    ),
    ...(['Deployment', 'StatefulSet', 'Pod'] as const).map((kind) => rightTo('list', kind)),
    ...objects.flatMap(granted),
    ...(forwards
      ? ['get', 'create'].map((verb) => ({ ...rightTo(verb, 'Pod'), subresource: 'portforward' }))
      : []),
  ]
}

/** Permissions that a Role grants: Kubernetes requires its creator to have them. */
function granted({ kind, rules }: KubernetesObject): readonly Right[] {
  if (kind !== 'Role') return []
  return (rules as readonly Rule[]).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => ({ verb, resource, group }))),
    ),
  )
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

function rightTo(verb: string, kind: Kind): Right {
  const { apiVersion, plural } = kinds[kind]
  const [group] = apiVersion.includes('/') ? apiVersion.split('/') : ['']
  return { verb, resource: plural, group: group! }
}

/** The user name according to the cluster; null when it does not provide it. */
export async function whoAmI(cluster: Cluster): Promise<string | null> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const { body: answer } = await cluster.ask({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body,
  })
  const review = answer as { readonly status?: { readonly userInfo?: { readonly username?: string } } } | null
  return review?.status?.userInfo?.username ?? null
}

/** Throws one error with all missing permissions. A cluster without access reviews passes. @throws FORBIDDEN */
export async function checkRights(
  cluster: Cluster,
  namespace: string,
  rights: readonly Right[],
): Promise<void> {
  const answers = await Promise.all(rights.map((right) => isAllowed(cluster, namespace, right)))
  const missing = rights.filter((_, index) => !answers[index])
  if (missing.length === 0) return
  const user = (await whoAmI(cluster)) ?? 'the user'
  throw new MillraceError(
    'FORBIDDEN',
    `${user} may not do in namespace '${namespace}' of ${cluster.label} what a start needs: ${listed(missing)}. Nothing was changed. Ask for a Role with these verbs: docs/kubernetes.md has one.`,
  )
}

async function isAllowed(cluster: Cluster, namespace: string, right: Right): Promise<boolean> {
  const { status, body } = await cluster.ask({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace, ...right } },
    },
  })
  if (status !== 201 && status !== 200) return true
  return (body as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true
}

/** `create, patch deployments.apps; get pods/portforward`. */
function listed(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>()
  for (const { verb, resource, subresource, group } of rights) {
    const name = [resource, subresource].filter(Boolean).join('/') + (group === '' ? '' : `.${group}`)
    verbs.set(name, [...(verbs.get(name) ?? []), verb])
  }
  return [...verbs].map(([name, words]) => `${words.join(', ')} ${name}`).join('; ')
}
