import type { FlowPlan } from '../../plan/flow-plan.js'
import type { KubernetesObject } from '../../export/kubernetes/object.js'
import type { KubernetesOptions } from '../../export/kubernetes/options.js'
import { kubernetesManifests } from '../../export/kubernetes/target.js'
import { MillraceError } from '../../errors.js'
import { isKind, type Kind, type Ref } from './api/objects.js'

/** All objects of a Flow, in order of dependency. @throws INVALID_NAME, INVALID_OPTION, UNSUPPORTED */
export async function objectsOf(
  plan: FlowPlan,
  options: KubernetesOptions,
): Promise<readonly KubernetesObject[]> {
  const manifests = await kubernetesManifests(plan, options)
  return manifests.flatMap(({ objects }) => objects)
}

/** Reference to an exported object. */
export function refOf({ kind, metadata: { namespace, name } }: KubernetesObject): Ref {
  return { kind: kindOf(kind), namespace, name }
}

/** Checks that Millrace knows the kind. @throws INTERNAL */
export function kindOf(kind: string): Kind {
  if (isKind(kind)) return kind
  throw new MillraceError('INTERNAL', `There is no path for objects of kind ${kind}.`)
}

/** Kinds of a Flow's objects, in the order of their deletion; without claims, which are never deleted. */
export const ownKinds: readonly Kind[] = [
  'HorizontalPodAutoscaler',
  'Deployment',
  'StatefulSet',
  'PodDisruptionBudget',
  'Service',
  'ConfigMap',
  'Secret',
  'RoleBinding',
  'Role',
  'ServiceAccount',
]

/** Label selector for all objects that Millrace manages. */
export const managed = 'app.kubernetes.io/managed-by=millrace'

/** Label selector for the objects and pods of one Flow. */
export function selectorOf(flow: string): string {
  return `${managed},app.kubernetes.io/part-of=${flow}`
}

/** Names of the labels that Millrace reads. */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  flow: 'app.kubernetes.io/part-of',
  component: 'app.kubernetes.io/component',
  stage: 'jina_deployment_name',
  shard: 'shard_id',
} as const
