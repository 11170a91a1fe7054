import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** Where the API of a cluster is, and what opens it. */
export interface Cluster {
  /** `https://10.96.0.1:443` */
  readonly url: string
  /** The certificates that it is known by; null for those of the system. */
  readonly ca: string | null
  /** Read again for each request: it is replaced from time to time. */
  token(): Promise<string>
}

/** Where a pod has what its ServiceAccount was given. */
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster whose pod this process is in; null when it is in none, or has no token. */
export async function ownCluster(): Promise<Cluster | null> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env
  const file = path.join(folder, 'token')
  if (host === undefined || !existsSync(file)) return null
  const ca = await readFile(path.join(folder, 'ca.crt'), 'utf8').catch(() => null)
  const authority = host.includes(':') ? `[${host}]` : host
  return {
    url: `https://${authority}:${port}`,
    ca,
    token: async () => (await readFile(file, 'utf8')).trim(),
  }
}
