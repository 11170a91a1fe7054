import { statSync } from 'node:fs'
import { isSameProcess, mountNamespace, processSpace } from './process-space.js'

/** A Flow between `start()` and the end of its last pod, as its locks name it; plain data. */
export interface Holder {
  /** Random, of this one start. */
  readonly flow: string
  /** The Flow's own. */
  readonly name: string
  /** Of the program that runs it. */
  readonly pid: number
  /** What tells that process from a later one of the same id; null where unknown. */
  readonly processStart: string | null
  /** Where its pid means something. */
  readonly space: string
  /** Where the path of its token means something. */
  readonly mounts: string
  /** A file that exists while the Flow runs. It lists the folders that the Flow has locked, one a line. */
  readonly token: string
  /** Where its pods list those folders instead, which run where the token is not: in containers. */
  readonly list?: string
  /** In a container that has a folder of the machine under another path: that folder is listed as it is called outside. */
  readonly mounted?: { readonly here: string; readonly there: string }
  /** ISO 8601. */
  readonly startedAt: string
}

/** How often a running Flow renews its locks, and the age at which one counts as left behind where nothing else tells. */
export const renewalMs = 10_000
export const abandonedMs = 60_000

/** Whether this process can look for the program of a holder. */
export function isInSight(holder: Holder): boolean {
  return holder.space === processSpace()
}

/**
 * Whether a Flow still runs. Of a program in sight that is known: its process, and its token where that can be seen. Of one
 * in another container or on another machine all that shows is that it renews its locks.
 */
export function isRunning(holder: Holder, renewedAtMs: number, nowMs = Date.now()): boolean {
  if (isInSight(holder)) {
    if (!isSameProcess(holder.pid, holder.processStart)) return false
    if (holder.mounts === mountNamespace()) return !isMissing(holder.token)
  }
  return nowMs - renewedAtMs < abandonedMs
}

/** Null for what no version has written. */
export function parseHolder(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Record<keyof Holder, unknown>> | null
    return isHolder(value) ? value : null
  } catch {
    return null
  }
}

function isHolder(value: Partial<Record<keyof Holder, unknown>> | null): value is Holder & typeof value {
  if (typeof value !== 'object' || value === null) return false
  const { flow, name, pid, processStart, space, mounts, token, startedAt } = value
  return (
    [flow, name, space, mounts, token, startedAt].every((text) => typeof text === 'string') &&
    typeof pid === 'number' &&
    (processStart === null || typeof processStart === 'string')
  )
}

/** A token that another user may not look at is there. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}
