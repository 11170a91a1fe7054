import type { KubernetesObject } from '../../../export/kubernetes/object.js'
import type { Cluster } from '../api/cluster.js'
import { listAllowed, type Ref, remove, shown } from '../api/objects.js'
import { ownKinds, selectorOf } from '../objects-of.js'

/** Deletes objects of stages that the Flow no longer has, never claims. Resolves with the deleted objects. */
export async function prune(
  cluster: Cluster,
  {
    namespace,
    flow,
    objects,
  }: {
    readonly namespace: string
    readonly flow: string
    readonly objects: readonly KubernetesObject[]
  },
): Promise<readonly string[]> {
  const wanted = new Set(objects.map(({ kind, metadata: { name } }) => shown({ kind, name })))
  const gone = (await ownObjects(cluster, namespace, selectorOf(flow))).filter(
    (ref) => !wanted.has(shown(ref)),
  )
  for (const ref of gone) await remove(cluster, ref)
  return gone.map(shown)
}

/** Objects of a Flow's kinds that match the selector; skips kinds that the user may not list. */
export async function ownObjects(
  cluster: Cluster,
  namespace: string,
  selector: string,
): Promise<readonly Ref[]> {
  const found = await Promise.all(
    ownKinds.map(async (kind) => {
      const live = (await listAllowed(cluster, kind, { namespace, labels: selector })) ?? []
      return live.map(({ metadata: { name } }): Ref => ({ kind, namespace, name }))
    }),
  )
  return found.flat()
}
