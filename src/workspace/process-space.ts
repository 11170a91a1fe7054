import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAlive } from '../lib/alive.js'

/**
 * Processes of one space know each other by their ids: those of one container, in one boot of one machine. An id of
 * another space says nothing here.
 */
export function processSpace(): string {
  return `${bootId()}/${pidNamespace()}`
}

/** Changes with the container; '0' where there are no such things. */
export function pidNamespace(): string {
  return namespaceId('pid')
}

/** Processes of one mount namespace find the same files under the same paths. */
export function mountNamespace(): string {
  return namespaceId('mnt')
}

/** When a process started, in the kernel's own ticks, so that its id cannot be taken for that of a later one; null where unknown. */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null
}

/** Whether the process of that id and that start still runs; one that only waits to be reaped does not. */
export function isSameProcess(pid: number, start: string | null): boolean {
  const stat = readStat(pid)
  if (stat === null) return isAlive(pid)
  return !stat.ended && (start === null || stat.start === start)
}

function namespaceId(kind: 'pid' | 'mnt'): string {
  try {
    return statSync(`/proc/self/ns/${kind}`).ino.toString(36)
  } catch {
    return '0'
  }
}

/** An id of a namespace is given out again, to another one, after a boot and on another machine. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return hostname()
  }
}

/** proc(5): the state is the first field behind the name, which is in parentheses, and the start the twentieth. */
function readStat(pid: number): { readonly start: string; readonly ended: boolean } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const [state = '', start = ''] = [fields[0], fields[19]]
    return { start, ended: state === 'Z' || state === 'X' }
  } catch {
    return null
  }
}
