import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import path from 'node:path'
import { bytesText } from './bytes.js'
import { type Finding, note, ok } from './finding.js'

/** A gateway and one replica fit into this. */
const enoughBytes = 512_000_000

/** What this process may use. */
export interface Machine {
  readonly cpus: number
  /** CPUs that the control group allows, with fractions; null without a limit. */
  readonly cpuLimit: number | null
  readonly memoryBytes: number
  readonly freeBytes: number
}

export function machineFindings({ cpus, cpuLimit, memoryBytes, freeBytes }: Machine): readonly Finding[] {
  const limited =
    cpuLimit !== null && cpuLimit < cpus ? `, of which the container may use ${cpuLimit.toFixed(1)}` : ''
  const cpu = `${cpus} CPUs${limited}`
  const memory = `${bytesText(freeBytes)} free of ${bytesText(memoryBytes)}`
  return [
    Math.min(cpus, cpuLimit ?? cpus) < 2
      ? note(
          'cpu',
          cpu,
          'The gateway and a replica share it: give the container 2 or more, if it can have them.',
        )
      : ok('cpu', cpu),
    freeBytes < enoughBytes
      ? note(
          'memory',
          memory,
          "Lower replicas, or use runtime: 'thread', which needs less; or raise the limit.",
        )
      : ok('memory', memory),
  ]
}

export function thisMachine(): Machine {
  const limit = process.constrainedMemory()
  const total = totalmem()
  const isLimited = limit > 0 && limit < total
  return {
    cpus: availableParallelism(),
    cpuLimit: cpuLimitIn('/sys/fs/cgroup', ownGroup()),
    memoryBytes: isLimited ? limit : total,
    freeBytes: isLimited ? process.availableMemory() : freemem(),
  }
}

/** The path of this process's control group (cgroup v2); `/` when it is not known. */
function ownGroup(): string {
  const file = '/proc/self/cgroup'
  return (existsSync(file) && /^0::(\/.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]) || '/'
}

/**
 * The lowest limit of a control group and those above it, in CPUs; null without one.
 *
 * Format: `cpu.max`, quota and period (Documentation/admin-guide/cgroup-v2.rst of Linux).
 */
export function cpuLimitIn(root: string, group: string): number | null {
  const file = path.join(root, group, 'cpu.max')
  const [quota, period] = existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : []
  const own = quota === undefined || quota === 'max' ? null : Number(quota) / Number(period)
  const above = group === '/' ? null : cpuLimitIn(root, path.dirname(group))
  if (own === null || above === null) return own ?? above
  return Math.min(own, above)
}
