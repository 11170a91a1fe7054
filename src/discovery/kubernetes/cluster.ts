import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { authority } from '../../lib/authority.js'

/** Address and credentials of a cluster's API. */
export interface Cluster {
  /** `https://10.96.0.1:443` */
  readonly url: string
  /** CA certificates; null uses the system's. */
  readonly ca: string | null
  /** Read for each request, because the token is rotated. */
  token(): Promise<string>
}

/** Where a pod's ServiceAccount is mounted. */
const folder = '/var/run/secrets/kubernetes.io/serviceaccount'

/** The cluster in which this process runs as a pod; null outside a cluster or without a token. */
export async function ownCluster(): Promise<Cluster | null> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = process.env
  const file = path.join(folder, 'token')
  if (host === undefined || !existsSync(file)) return null
  const ca = await readFile(path.join(folder, 'ca.crt'), 'utf8').catch(() => null)
  return {
    url: `https://${authority(host)}:${port}`,
    ca,
    token: async () => (await readFile(file, 'utf8')).trim(),
  }
}
