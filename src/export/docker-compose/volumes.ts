import { containerPaths } from '../../containers/container-paths.js'
import { isKeptHere, type Workload } from '../../containers/workload.js'
import { literally } from './service.js'

/** Mounts of a shard's containers, and the volumes they need. */
export interface ComposeVolumes {
  readonly mounts: readonly object[]
  readonly named: readonly string[]
  /** tmpfs folders, lost with the container. */
  readonly tmpfs: readonly string[]
}

/** A source beginning with `/` or `.` is a host folder, any other source a volume name. */
export function composeVolumes(workload: Workload): ComposeVolumes {
  const { name, volumes, workspace } = workload
  const isKept = isKeptHere(workload)
  const mounts = volumes.map(({ source, target }, index) =>
    source !== null && /^[./~]/.test(source)
      ? { type: 'bind', source: literally(source), target: literally(target) }
      : { type: 'volume', source: source ?? volumeName(name, index), target: literally(target) },
  )
  const target = containerPaths.workspace
  if (isKept) mounts.push({ type: 'volume', source: `${name}-workspace`, target })
  const named = mounts.filter(({ type }) => type === 'volume').map(({ source }) => source)
  return { mounts, named, tmpfs: workspace === 'passing' && !isKept ? [target] : [] }
}

function volumeName(workload: string, index: number): string {
  return index === 0 ? `${workload}-volume` : `${workload}-volume-${index}`
}
