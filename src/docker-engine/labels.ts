import { hostname } from 'node:os'
import { isSameProcess, processSpace, processStart } from '../workspace/process-space.js'

/** Labels of Millrace's containers, networks and volumes. */
export const labelNames = {
  /** Name of the Flow. */
  flow: 'millrace.flow',
  stage: 'millrace.stage',
  /** `exec/rep-0`. */
  pod: 'millrace.pod',
  /** For a container that must not outlive the program that started it: the program's process id, … */
  ownerPid: 'millrace.owner.pid',
  /** … its start time, which distinguishes it from a later process with that id, … */
  ownerStart: 'millrace.owner.start',
  /** … the boot and PID namespace in which the id is valid, … */
  ownerSpace: 'millrace.owner.space',
  /** … and the machine. */
  ownerHost: 'millrace.owner.host',
} as const

export type Labels = Readonly<Record<string, string>>

/** Labels for containers that must not outlive this process. */
export function ownerLabels(): Labels {
  return {
    [labelNames.ownerPid]: String(process.pid),
    [labelNames.ownerStart]: processStart(process.pid) ?? '',
    [labelNames.ownerSpace]: processSpace(),
    [labelNames.ownerHost]: hostname(),
  }
}

/**
 * True when the owning program has certainly exited. False for owners in another container or on another machine with the
 * same engine, whose state is not known here. Owners from an earlier boot of this machine have exited.
 */
export function isOrphaned(labels: Labels): boolean {
  const { ownerPid, ownerStart, ownerSpace, ownerHost } = labelNames
  const pid = Number(labels[ownerPid])
  const space = labels[ownerSpace]
  if (!Number.isInteger(pid) || pid <= 0 || space === undefined) return false
  if (space === processSpace()) return !isSameProcess(pid, labels[ownerStart] || null)
  const [boot] = space.split('/')
  return labels[ownerHost] === hostname() && boot !== processSpace().split('/')[0]
}
