import { containerPaths } from '../../containers/container-paths.js'
import { mostReplicas } from '../../containers/shared-workspace.js'
import type { Workload } from '../../containers/workload.js'
import { MillraceError } from '../../errors.js'
import { notShared } from '../../workspace/own-workspace.js'
import type { KubernetesObject } from './object.js'
import type { KubernetesOptions } from './options.js'
import { metadata, type Part, selector } from './part.js'

/** Mounts of a pod and their volumes. */
export interface PodVolumes {
  readonly mounts: readonly object[]
  /** Volumes of the pod alone, deleted with it, and volumes shared by all pods of the shard. */
  readonly volumes: readonly object[]
  /** Claim templates: a claim for each pod of a StatefulSet, kept when the pod is deleted. */
  readonly claims: readonly object[]
  /** Claims for all pods of the shard, kept. */
  readonly shared: readonly KubernetesObject[]
  /** Whether the workspace of each pod is its own. */
  readonly isOwn: boolean
}

interface Mount {
  readonly name: string
  readonly mountPath: string
}

/**
 * The workspace, kept or not, and the volumes of the option `volumes`; the first of these is named as in Jina.
 *
 * @throws INVALID_OPTION for several replicas that must share a workspace but could not
 */
export function podVolumes(workload: Workload, part: Part, options: KubernetesOptions): PodVolumes {
  const { workspace, volumes, name, stage, sharesWorkspace } = workload
  const isShared = sharesWorkspace && options.sharedStorageClass !== null
  if (sharesWorkspace && !isShared && mostReplicas(stage) > 1) {
    throw new MillraceError('INVALID_OPTION', `stage '${stage.name}': ${notShared}`)
  }
  const kept: Mount[] = volumes.map(({ target }, index) => ({
    name: index === 0 ? `${name}-volume` : `volume-${index}`,
    mountPath: target,
  }))
  const own: Mount = { name: 'workspace', mountPath: containerPaths.workspace }
  const isPassing = workspace === 'passing' && !isShared
  if (workspace !== 'volume' && !isPassing) kept.push(own)
  const mounts = isPassing ? [...kept, own] : kept
  if (isShared) {
    const claimName = (mount: string): string => `${part.name}-${mount}`
    return {
      mounts,
      volumes: kept.map((mount) => ({
        name: mount.name,
        persistentVolumeClaim: { claimName: claimName(mount.name) },
      })),
      claims: [],
      shared: kept.map((mount) => sharedClaim(claimName(mount.name), part, options)),
      isOwn: false,
    }
  }
  return {
    mounts,
    volumes: isPassing ? [{ name: own.name, emptyDir: {} }] : [],
    claims: kept.map((mount) => claim(mount.name, part, options)),
    shared: [],
    isOwn: true,
  }
}

function claim(name: string, part: Part, { storage, storageClass }: KubernetesOptions): object {
  return {
    // claim templates of a StatefulSet are immutable, so they contain nothing that may change
    metadata: { name, labels: selector(part) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClass !== null && { storageClassName: storageClass }),
      resources: { requests: { storage } },
    },
  }
}

function sharedClaim(
  name: string,
  part: Part,
  { storage, sharedStorageClass }: KubernetesOptions,
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { ...metadata(part), name },
    spec: {
      accessModes: ['ReadWriteMany'],
      storageClassName: sharedStorageClass,
      resources: { requests: { storage } },
    },
  }
}
