import { type FSWatcher, watch } from 'node:fs'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'

/** Where the cluster's provisioner creates volumes. */
const folder = '/tmp/hostpath_pv'

/**
 * Lets every user write to new volumes. The cluster creates folders of the node for root only, and Kubernetes applies a
 * pod's fsGroup only on other kinds of storage.
 */
export async function openVolumes(): Promise<FSWatcher> {
  await mkdir(folder, { recursive: true })
  const open = (name: string): Promise<void> => chmod(path.join(folder, name), 0o777).catch(() => {}) // gone again
  const watcher = watch(folder, (event, name) => {
    // `change` is what opening it makes of it
    if (event === 'rename' && name !== null) void open(name)
  })
  for (const name of await readdir(folder)) await open(name)
  return watcher
}
