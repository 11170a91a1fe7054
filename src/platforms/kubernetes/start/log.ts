import type { Cluster } from '../api/cluster.js'
import { objectPath } from '../api/objects.js'

const lines = 20

/**
 * Last lines of a crashed container: of the current instance, or of the previous one when the current has written nothing.
 * Empty when logs are not available.
 */
export async function logOf(cluster: Cluster, namespace: string, name: string): Promise<readonly string[]> {
  const path = `${objectPath({ kind: 'Pod', namespace, name })}/log?tailLines=${lines}`
  for (const query of ['', '&previous=true']) {
    const { status, body } = await cluster.ask({ method: 'GET', path: `${path}${query}` })
    if (status === 200 && typeof body === 'string' && isLog(body)) return body.trimEnd().split('\n')
  }
  return []
}

/** False for the message that a kubelet sends instead of a deleted log. */
function isLog(text: string): boolean {
  return text.trim() !== '' && !text.startsWith('unable to retrieve container logs')
}
