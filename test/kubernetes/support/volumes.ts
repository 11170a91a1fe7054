import { chmod } from 'node:fs/promises'
import { kubectl } from './kubectl.js'
import type { Namespace } from './namespace.js'

interface Volume {
  readonly spec: {
    readonly claimRef?: { readonly namespace: string }
    readonly hostPath?: { readonly path: string }
  }
}

/**
 * Lets pods write to their volumes. Those of the tests' cluster are folders of this machine that only root may enter, and its
 * provisioner does not heed `fsGroup` as others do.
 */
export async function openVolumes({ name }: Namespace): Promise<void> {
  const { stdout } = await kubectl(['get', 'persistentvolumes', '--output', 'json'])
  const { items } = JSON.parse(stdout) as { readonly items: readonly Volume[] }
  const folders = items
    .filter(({ spec }) => spec.claimRef?.namespace === name)
    .flatMap(({ spec }) => spec.hostPath?.path ?? [])
  await Promise.all(folders.map((folder) => chmod(folder, 0o777)))
}
