import type { ApiAnswer, Cluster } from './cluster.js'
import type { Live } from './live.js'
import { refusal } from './refusal.js'

/** Owner of the fields that Millrace sets, for server-side apply. */
export const fieldManager = 'millrace'

/** Group, version and plural of each kind. */
export const kinds = {
  ServiceAccount: { apiVersion: 'v1', plural: 'serviceaccounts' },
  Role: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'roles' },
  RoleBinding: { apiVersion: 'rbac.authorization.k8s.io/v1', plural: 'rolebindings' },
  Secret: { apiVersion: 'v1', plural: 'secrets' },
  ConfigMap: { apiVersion: 'v1', plural: 'configmaps' },
  Service: { apiVersion: 'v1', plural: 'services' },
  Deployment: { apiVersion: 'apps/v1', plural: 'deployments' },
  StatefulSet: { apiVersion: 'apps/v1', plural: 'statefulsets' },
  PodDisruptionBudget: { apiVersion: 'policy/v1', plural: 'poddisruptionbudgets' },
  HorizontalPodAutoscaler: { apiVersion: 'autoscaling/v2', plural: 'horizontalpodautoscalers' },
  ReplicaSet: { apiVersion: 'apps/v1', plural: 'replicasets' },
  Pod: { apiVersion: 'v1', plural: 'pods' },
  Event: { apiVersion: 'v1', plural: 'events' },
  PersistentVolumeClaim: { apiVersion: 'v1', plural: 'persistentvolumeclaims' },
} as const satisfies Record<string, { apiVersion: string; plural: string }>

export type Kind = keyof typeof kinds

/** Reference to an object. */
export interface Ref {
  readonly kind: Kind
  readonly namespace: string
  readonly name: string
}

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind)
}

/** API path of a kind in a namespace; with null in all namespaces. */
export function pathOf(kind: Kind, namespace: string | null): string {
  const { apiVersion, plural } = kinds[kind]
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return namespace === null ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`
}

export interface ListOptions {
  readonly namespace: string | null
  /** A selector: `a=b,!c`. */
  readonly labels?: string
  readonly fields?: string
}

/** @throws FORBIDDEN, UNAVAILABLE */
export async function list<T extends Live>(cluster: Cluster, kind: Kind, options: ListOptions): Promise<T[]> {
  const answer = await tryList(cluster, kind, options)
  if (answer.status === 200) return itemsOf<T>(answer)
  throw refusal(answer, `list ${kinds[kind].plural}${inNamespace(options.namespace)}`, cluster.label)
}

/** As `list`; null when the user may not list them. */
export async function listAllowed<T extends Live>(
  cluster: Cluster,
  kind: Kind,
  options: ListOptions,
): Promise<T[] | null> {
  const answer = await tryList(cluster, kind, options)
  return answer.status === 200 ? itemsOf<T>(answer) : null
}

function tryList(
  cluster: Cluster,
  kind: Kind,
  { namespace, labels, fields }: ListOptions,
): Promise<ApiAnswer> {
  const query = new URLSearchParams({
    ...(labels !== undefined && { labelSelector: labels }),
    ...(fields !== undefined && { fieldSelector: fields }),
  })
  return cluster.ask({ method: 'GET', path: `${pathOf(kind, namespace)}?${query.toString()}` })
}

function itemsOf<T>({ body }: ApiAnswer): T[] {
  return (body as { readonly items?: T[] }).items ?? []
}

/** Null when it does not exist. @throws FORBIDDEN, UNAVAILABLE */
export async function get<T extends Live>(cluster: Cluster, ref: Ref): Promise<T | null> {
  const answer = await cluster.ask({ method: 'GET', path: objectPath(ref) })
  if (answer.status === 200) return answer.body as T
  if (answer.status === 404) return null
  throw refusal(answer, `get ${shown(ref)}`, cluster.label)
}

export interface PatchOptions {
  /** `merge`: JSON merge patch. `json`: JSON patch, a list of operations. */
  readonly kind: 'merge' | 'json'
  readonly body: unknown
  readonly subresource?: 'scale'
}

/** Patches an object; resolves with refusals too. @throws UNAVAILABLE */
export function patch(
  cluster: Cluster,
  ref: Ref,
  { kind, body, subresource }: PatchOptions,
): Promise<ApiAnswer> {
  const path = `${objectPath(ref)}${subresource === undefined ? '' : `/${subresource}`}`
  const type = kind === 'merge' ? 'application/merge-patch+json' : 'application/json-patch+json'
  return cluster.ask({ method: 'PATCH', path: `${path}?fieldManager=${fieldManager}`, body, type })
}

/** Deletes an object in the foreground: it exists until its dependents are gone. Ignores a missing object. @throws FORBIDDEN, UNAVAILABLE */
export async function remove(cluster: Cluster, ref: Ref): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground' }
  const answer = await cluster.ask({ method: 'DELETE', path: objectPath(ref), body })
  if (answer.status < 300 || answer.status === 404 || answer.status === 409) return
  throw refusal(answer, `delete ${shown(ref)}`, cluster.label)
}

/** API path of an object. */
export function objectPath({ kind, namespace, name }: Ref): string {
  return `${pathOf(kind, namespace)}/${name}`
}

/** kubectl's notation: `deployment/encoder`. */
export function shown({ kind, name }: Pick<Ref, 'name'> & { readonly kind: string }): string {
  return `${kind.toLowerCase()}/${name}`
}

function inNamespace(namespace: string | null): string {
  return namespace === null ? ' of all namespaces' : ` in namespace '${namespace}'`
}
