import { existsSync, readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { labelNames } from '../../docker-engine/labels.js'
import { type Mount, mountOf } from '../../docker-engine/mounts.js'
import type { Holder } from '../../workspace/holder.js'
import { dropAbandoned } from '../../workspace/lock.js'
import { outlastOthers } from '../../workspace/pods.js'
import { containerPaths } from '../../containers/container-paths.js'
import type { PodContainer, PodSpec } from '../pod.js'

/** Mounts, workspace and user of a pod's container. */
export interface PodMounts {
  readonly mounts: readonly Mount[]
  /** Path in the container; null without a workspace. */
  readonly workspace: string | null
  /** True when the workspace is on a volume, which only containers can see. */
  readonly isOnVolume: boolean
  /** The holder of the workspace lock, as passed to the container. */
  readonly holder: Holder | null
  /** User to run as, so that files in host folders belong to the user; null is the image's user. */
  readonly user: string | null
}

/**
 * Mounts the volumes of a stage and its workspace: the folder that a process would use, unless it is on one of the volumes.
 * Creates missing folders.
 */
export async function mountsOf(spec: PodSpec, container: PodContainer): Promise<PodMounts> {
  const { executor, deployment } = spec
  const name = ['millrace', container.flow, deployment, executor.shardId].join('_')
  const labels = { [labelNames.flow]: container.flow, [labelNames.stage]: deployment }
  const mounts = container.volumes.map((volume, index) =>
    mountOf(volume, { made: index === 0 ? name : `${name}_${index}`, labels }),
  )
  const { workspace: asked, shardId, holder } = executor
  let mounted = holder
  const isOnVolume = mounts.some(({ target }) => asked !== null && `${asked}/`.startsWith(`${target}/`))
  if (asked !== null && !isOnVolume) {
    const source = path.resolve(asked)
    mounts.push({ kind: 'folder', source, target: containerPaths.workspace })
    if (holder !== null) {
      // this program renews the locks of its Executors, and releases them after the last container
      mounts.push({ kind: 'folder', source: holder.token, target: holder.token })
      mounted = { ...holder, mounted: { here: containerPaths.workspace, there: source } }
      freeAbandoned(source, String(shardId), holder.flow)
    }
  }
  const isFolder = (mount: Mount): mount is Extract<Mount, { kind: 'folder' }> =>
    mount.kind === 'folder' && mount.source !== holder?.token
  const folders = mounts.filter(isFolder).map(({ source }) => source)
  for (const folder of folders) await mkdir(folder, { recursive: true })
  const isOwn = folders.length > 0 && process.platform === 'linux'
  return {
    mounts,
    workspace: asked !== null && !isOnVolume ? containerPaths.workspace : asked,
    isOnVolume,
    holder: mounted,
    user: isOwn ? `${process.getuid!()}:${process.getgid!()}` : null,
  }
}

/** Releases locks of killed Flows: a container cannot see that the process is gone, and would wait until the lock expires. */
function freeAbandoned(workspace: string, shard: string, flow: string): void {
  if (!existsSync(workspace)) return
  for (const name of readdirSync(workspace)) {
    const folder = path.join(workspace, name, shard)
    if (!existsSync(folder)) continue
    dropAbandoned(folder)
    outlastOthers(folder, flow)
  }
}
