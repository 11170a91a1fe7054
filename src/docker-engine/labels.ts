import { hostname } from 'node:os'
import { isSameProcess, processSpace, processStart } from '../workspace/process-space.js'

/** What containers, networks and volumes of Millrace are known by. */
export const labelNames = {
  /** Name of the Flow. */
  flow: 'millrace.flow',
  stage: 'millrace.stage',
  /** `exec/rep-0`. */
  pod: 'millrace.pod',
  /** Of a container that must not outlive the program that started it: the program's process id, … */
  ownerPid: 'millrace.owner.pid',
  /** … what tells it from a later process of that id, … */
  ownerStart: 'millrace.owner.start',
  /** … in which boot and container that id means something, … */
  ownerSpace: 'millrace.owner.space',
  /** … and on which machine. */
  ownerHost: 'millrace.owner.host',
} as const

export type Labels = Readonly<Record<string, string>>

/** Of what must not outlive this process. */
export function ownerLabels(): Labels {
  return {
    [labelNames.ownerPid]: String(process.pid),
    [labelNames.ownerStart]: processStart(process.pid) ?? '',
    [labelNames.ownerSpace]: processSpace(),
    [labelNames.ownerHost]: hostname(),
  }
}

/**
 * Whether the program that must not be outlived has ended, for certain. Of one in another container, or on another machine
 * that uses the same engine, nobody here can tell; of an earlier boot of this machine nothing runs any more.
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
