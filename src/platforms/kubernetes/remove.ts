import { MillraceError } from '../../errors.js'
import { stopSeconds } from '../../containers/leaving.js'
import type { Cluster } from './api/cluster.js'
import type { Pod } from './api/live.js'
import { list, listAllowed, type Ref, remove, shown } from './api/objects.js'
import { labels, managed, selectorOf } from './objects-of.js'
import type { Running } from './scale.js'
import { ownObjects } from './start/prune.js'

/** Extra time for the cluster, beyond the pods' grace. */
const spareMs = 60_000
const lookMs = 500

/**
 * Stops a Flow and deletes its objects, except claims: the gateway first, so that requests in flight reach their stages, then
 * the rest. Resolves when no pod is left.
 *
 * @throws FORBIDDEN, UNAVAILABLE, DEADLINE_EXCEEDED listing what is left
 */
export async function removeFlow(
  cluster: Cluster,
  running: Running,
  { graceMs }: { readonly graceMs: number },
): Promise<void> {
  const { namespace, flow, report } = running
  const selector = selectorOf(flow)
  const timeoutMs = stopSeconds(graceMs) * 1000 + spareMs
  const gateway: Ref = { kind: 'Deployment', namespace, name: 'gateway' }
  const own = await ownObjects(cluster, namespace, selector)
  const shared = await ownObjects(cluster, namespace, `${managed},!${labels.flow}`)
  const claims = await claimsOf(cluster, namespace, own)
  if (own.some((ref) => shown(ref) === shown(gateway))) {
    await remove(cluster, gateway)
    await untilGone(cluster, { ...running, timeoutMs, selector: `${selector},${labels.component}=gateway` })
  }
  for (const ref of [...own, ...shared]) await remove(cluster, ref)
  await untilGone(cluster, { ...running, timeoutMs, selector })
  if (claims.length === 0) return
  report(
    `The data of the Flow '${flow}' is kept in these claims of namespace '${namespace}': ${claims.join(', ')}. Delete it with: kubectl -n ${namespace} delete pvc ${claims.join(' ')}`,
  )
}

interface Ending extends Running {
  readonly selector: string
}

/** Waits until pods and their controllers are gone, so that their names can be reused. */
async function untilGone(cluster: Cluster, { namespace, flow, selector, timeoutMs }: Ending): Promise<void> {
  const start = cluster.pace.now()
  for (;;) {
    const left = await leftOf(cluster, namespace, selector)
    if (left.length === 0) return
    if (cluster.pace.now() - start >= timeoutMs) {
      throw new MillraceError(
        'DEADLINE_EXCEEDED',
        `The Flow '${flow}' was told to end ${timeoutMs / 1000} s ago, and these are still there in namespace '${namespace}': ${left.join(', ')}. See why with: kubectl -n ${namespace} describe ${left[0]}`,
      )
    }
    await cluster.pace.sleep(lookMs)
  }
}

async function leftOf(cluster: Cluster, namespace: string, selector: string): Promise<readonly string[]> {
  const found = await Promise.all(
    (['Deployment', 'StatefulSet', 'Pod'] as const).map(async (kind) => {
      const live = await list<Pod>(cluster, kind, { namespace, labels: selector })
      return live.map(({ metadata: { name } }) => shown({ kind, name }))
    }),
  )
  return found.flat()
}

/** Claims of the Flow's controllers, matched by the label `app`. */
async function claimsOf(
  cluster: Cluster,
  namespace: string,
  own: readonly Ref[],
): Promise<readonly string[]> {
  const sets = new Set(
    own.filter(({ kind }) => ['StatefulSet', 'Deployment'].includes(kind)).map(({ name }) => name),
  )
  if (sets.size === 0) return []
  const claims = (await listAllowed(cluster, 'PersistentVolumeClaim', { namespace })) ?? []
  return claims
    .filter(({ metadata }) => sets.has(metadata.labels?.app ?? ''))
    .map(({ metadata }) => metadata.name)
}
