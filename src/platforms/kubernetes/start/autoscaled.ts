import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { Cluster } from '../api/cluster.js'
import type { Controller } from '../api/live.js'
import { get } from '../api/objects.js'
import { refOf } from '../objects-of.js'

/**
 * What an autoscaler decides about says no number of replicas, and a cluster takes 1 for a number that is no longer said. So of
 * what is there already the number of the moment is said.
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
