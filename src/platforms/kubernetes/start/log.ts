import type { Cluster } from '../api/cluster.js'
import { objectPath } from '../api/objects.js'

const lines = 20

/**
 * The last lines of a pod whose container crashed: of the instance that died last, or, where another one has begun and written
 * nothing, of the one before. Nothing where they cannot be had.
 */
export async function logOf(cluster: Cluster, namespace: string, name: string): Promise<readonly string[]> {
  const path = `${objectPath({ kind: 'Pod', namespace, name })}/log?tailLines=${lines}`
  for (const query of ['', '&previous=true']) {
    const { status, body } = await cluster.ask({ method: 'GET', path: `${path}${query}` })
    if (status === 200 && typeof body === 'string' && isLog(body)) return body.trimEnd().split('\n')
  }
  return []
}

/** A kubelet whose log is gone says so in its place. */
function isLog(text: string): boolean {
  return text.trim() !== '' && !text.startsWith('unable to retrieve container logs')
}
