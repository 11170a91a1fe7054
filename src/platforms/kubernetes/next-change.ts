import { once } from 'node:events'
import { readText } from '../../discovery/kubernetes/http.js'
import type { Cluster } from './api/cluster.js'
import { pathOf } from './api/objects.js'
import { refusal } from './api/refusal.js'
import { managed } from './objects-of.js'

/** Seconds after which the server ends a watch, and the milliseconds after which a connection without that end is dead. */
const watchSeconds = 10
const silentMs = 20_000

/**
 * Resolves when a pod of the namespace's Flow has changed since the call, or after ten seconds without a change.
 *
 * @throws FORBIDDEN when the user may not watch pods, UNAVAILABLE; the reason of `signal`, which ends the watch
 */
export async function nextChange(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<void> {
  const pods = pathOf('Pod', namespace)
  const labelSelector = managed
  // for the version of the list only
  const first = await cluster.ask({
    method: 'GET',
    path: `${pods}?${new URLSearchParams({ labelSelector, limit: '1' }).toString()}`,
  })
  if (first.status !== 200) throw refusal(first, `list pods in namespace '${namespace}'`, cluster.label)
  const { resourceVersion = '' } = (first.body as List).metadata
  const query = { labelSelector, resourceVersion, watch: 'true', timeoutSeconds: String(watchSeconds) }
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const response = await cluster.open(`${pods}?${new URLSearchParams(query).toString()}`, either)
  response.on('error', () => {}) // of the end that follows
  try {
    if (response.statusCode !== 200) {
      const body = await readText(response, silentMs)
      throw refusal(
        { status: response.statusCode ?? 0, body },
        `watch pods in namespace '${namespace}'`,
        cluster.label,
      )
    }
    response.setTimeout(silentMs, () => over.abort())
    // any event will do, one about the watch itself included
    await Promise.race([once(response, 'data', { signal }), once(response, 'close', { signal })])
  } finally {
    over.abort()
  }
}

interface List {
  readonly metadata: { readonly resourceVersion?: string }
}
