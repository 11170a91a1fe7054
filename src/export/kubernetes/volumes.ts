import { containerPaths } from '../../containers/container-paths.js'
import type { Workload } from '../../containers/workload.js'
import type { KubernetesOptions } from './options.js'
import { type Part, selector } from './part.js'

/** What a pod mounts, and where that comes from. */
export interface PodVolumes {
  readonly mounts: readonly object[]
  /** Of the pod alone, gone with it. */
  readonly volumes: readonly object[]
  /** Claimed for each pod of a StatefulSet, and kept. */
  readonly claims: readonly object[]
}

/** The workspace, kept or not, and what `volumes` says; the first of those is called as in Jina. */
export function podVolumes(
  { workspace, volumes, name }: Workload,
  part: Part,
  options: KubernetesOptions,
): PodVolumes {
  const kept = volumes.map(({ target }, index) => ({
    name: index === 0 ? `${name}-volume` : `volume-${index}`,
    mountPath: target,
  }))
  const own = { name: 'workspace', mountPath: containerPaths.workspace }
  if (workspace === 'kept') kept.push(own)
  const isPassing = workspace === 'passing'
  return {
    mounts: isPassing ? [...kept, own] : kept,
    volumes: isPassing ? [{ name: own.name, emptyDir: {} }] : [],
    claims: kept.map((mount) => claim(mount.name, part, options)),
  }
}

function claim(name: string, part: Part, { storage, storageClass }: KubernetesOptions): object {
  return {
    // a StatefulSet never takes other claims than its first ones, so these say nothing that may change
    metadata: { name, labels: selector(part) },
    spec: {
      accessModes: ['ReadWriteOnce'],
      ...(storageClass !== null && { storageClassName: storageClass }),
      resources: { requests: { storage } },
    },
  }
}
