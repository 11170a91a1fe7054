import { statSync } from 'node:fs'
import { isSameProcess, mountNamespace, processSpace } from './process-space.js'

/** A Flow from `start()` until its last pod has ended, as written into its locks; plain data. */
export interface Holder {
  /** Random, different for each start. */
  readonly flow: string
  /** The Flow's name. */
  readonly name: string
  /** Process id of the program that runs the Flow. */
  readonly pid: number
  /** When that process started, to distinguish it from a later one with the same id; null where unknown. */
  readonly processStart: string | null
  /** The process space in which the pid is valid. */
  readonly space: string
  /** The mount namespace in which the token's path is valid. */
  readonly mounts: string
  /** A file that exists while the Flow runs. It lists the folders that the Flow has locked, one per line. */
  readonly token: string
  /** The file in which pods in containers, which cannot see the token, list those folders instead. */
  readonly list?: string
  /** For a container that mounts a folder of the machine under another path: the folder is listed by its path outside. */
  readonly mounted?: { readonly here: string; readonly there: string }
  /** ISO 8601. */
  readonly startedAt: string
}

/** How often a running Flow renews its locks, and the age at which a lock is stale when its program cannot be checked. */
export const renewalMs = 10_000
export const abandonedMs = 60_000

/** Whether this process can check the program of a holder. */
export function isInSight(holder: Holder): boolean {
  return holder.space === processSpace()
}

/**
 * Whether a Flow still runs. A program in the same process space is checked directly: its process, and its token where that
 * is visible. A program in another container or on another machine is judged by whether it renews its locks.
 */
export function isRunning(holder: Holder, renewedAtMs: number, nowMs = Date.now()): boolean {
  if (isInSight(holder)) {
    if (!isSameProcess(holder.pid, holder.processStart)) return false
    if (holder.mounts === mountNamespace()) return !isMissing(holder.token)
  }
  return nowMs - renewedAtMs < abandonedMs
}

/** Null for text that no version of Millrace has written. */
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

/** False also for a token that belongs to another user and cannot be inspected. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined
  } catch {
    return false
  }
}
