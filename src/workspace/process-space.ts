import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isAlive } from '../lib/alive.js'

/**
 * A scope in which process ids are valid: one container, in one boot of one machine. A process id from another space means
 * nothing here.
 */
export function processSpace(): string {
  return `${bootId()}/${pidNamespace()}`
}

/** Changes with the container; '0' on systems without namespaces. */
export function pidNamespace(): string {
  return namespaceId('pid')
}

/** Processes of one mount namespace find the same files under the same paths. */
export function mountNamespace(): string {
  return namespaceId('mnt')
}

/** When a process started, in kernel ticks, to tell it from a later process with the same id; null where unknown. */
export function processStart(pid: number): string | null {
  return readStat(pid)?.start ?? null
}

/** Whether the process with that id and start still runs; a zombie does not. */
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

/** Namespace ids are reused after a reboot and on other machines. */
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
