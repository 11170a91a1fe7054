import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { labelNames } from '../../docker/labels.js'
import { type Mount, mountOf } from '../../docker/mounts.js'
import { openWorkspace } from '../../executor/workspace/open-workspace.js'
import { containerPaths } from '../../export/container-paths.js'
import type { PodContainer, PodSpec } from '../pod.js'

/** What a container has of this machine. */
export interface Places {
  readonly mounts: readonly Mount[]
  /** In the container; null without one. */
  readonly workspace: string | null
  /** The workspace is on a volume, where only its containers see it. */
  readonly isOnVolume: boolean
  /** Who it runs as, so that files in folders of this machine are the user's own; null: as the image says. */
  readonly user: string | null
}

/**
 * The volumes of a stage, and its workspace: the folder that a process would have, unless it is on one of the volumes.
 * Folders are made.
 */
export async function placesOf(spec: PodSpec, container: PodContainer): Promise<Places> {
  const { executor, deployment } = spec
  const name = ['millrace', container.flow, deployment, executor.shardId].join('_')
  const labels = { [labelNames.flow]: container.flow, [labelNames.stage]: deployment }
  const mounts = container.volumes.map((volume, index) =>
    mountOf(volume, { made: index === 0 ? name : `${name}_${index}`, labels }),
  )
  const { workspace: asked, shardId, shards, holder } = executor
  const isOnVolume = mounts.some(({ target }) => asked !== null && `${asked}/`.startsWith(`${target}/`))
  if (asked !== null && !isOnVolume) {
    const source = path.resolve(asked)
    mounts.push({ kind: 'folder', source, target: containerPaths.workspace })
    // by this program, which sees whose lock was left behind, and gives it back when the last container is gone
    openWorkspace({ folder: path.join(source, deployment), shardId, shards, holder })
  }
  const folders = mounts.flatMap((mount) => (mount.kind === 'folder' ? [mount.source] : []))
  for (const folder of folders) await mkdir(folder, { recursive: true })
  const isOwn = folders.length > 0 && process.platform === 'linux'
  return {
    mounts,
    workspace: asked !== null && !isOnVolume ? containerPaths.workspace : asked,
    isOnVolume,
    user: isOwn ? `${process.getuid!()}:${process.getgid!()}` : null,
  }
}
