import { containerPaths } from '../../containers/container-paths.js'
import { isKeptHere, type Workload } from '../../containers/workload.js'
import { literally } from './service.js'

/** What the containers of one shard mount, and which volumes that needs. */
export interface ComposeVolumes {
  readonly mounts: readonly object[]
  readonly named: readonly string[]
  /** Folders that go with the container. */
  readonly tmpfs: readonly string[]
}

/** A source with a `/` or a `.` in front is a folder of the machine, another one is the name of a volume. */
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
