import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { Cluster } from '../api/cluster.js'
import type { Controller } from '../api/live.js'
import { get } from '../api/objects.js'
import { refOf } from '../objects-of.js'

/**
 * An autoscaled workload sets no number of replicas, and applying it would reset an existing number to 1. So the current
 * number is filled in for workloads that exist.
 */
export function keepReplicas(
  cluster: Cluster,
  objects: readonly KubernetesObject[],
): Promise<readonly KubernetesObject[]> {
  return Promise.all(
    objects.map(async (object) => {
      const spec = object.spec as Controller['spec'] | undefined
      const isController = object.kind === 'Deployment' || object.kind === 'StatefulSet'
      if (!isController || spec?.replicas !== undefined) return object
      const live = await get<Controller>(cluster, refOf(object))
      return live?.spec.replicas === undefined
        ? object
        : { ...object, spec: { ...spec, replicas: live.spec.replicas } }
    }),
  )
}
