import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pidNamespace } from './process-space.js'
import { isAlive } from '../lib/alive.js'

/** Longest path of a Unix socket on all supported systems (macOS: 103; Linux: 107), less the longest name in the folder. */
const longestFolder = 90

/** `millrace-PID-NAMESPACE-RANDOM` */
const pattern = /^millrace-(\d+)-(\w+)-/

let folder: string | null = null
/** Paths returned and not yet released. */
const used = new Set<string>()
let paths = 0

/** A path for another socket or token, in a folder of this process that only its user can enter. */
export function nextPrivatePath(kind: 'sock' | 'token'): string {
  folder ??= makeFolder()
  const path = join(folder, `${paths++}.${kind}`)
  used.add(path)
  return path
}

/** Removes a file that is no longer needed, such as the socket of an ended pod, and the folder with the last one. */
export function releasePrivatePath(path: string): void {
  rmSync(path, { force: true })
  used.delete(path)
  if (used.size === 0) removeFolder()
}

function makeFolder(): string {
  const prefix = `millrace-${process.pid}-${pidNamespace()}-`
  const parent = tmpdir().length + prefix.length + '/abcdef'.length > longestFolder ? '/tmp' : tmpdir()
  removeStale(parent)
  process.once('exit', removeFolder)
  // created with mode 0700
  return mkdtempSync(join(parent, prefix))
}

function removeFolder(): void {
  if (folder === null) return
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    return // no file descriptor is left to read the folder: retried with the next path, and at the exit
  }
  process.removeListener('exit', removeFolder)
  folder = null
}

/**
 * Folders of processes that were killed before they could clean up. Containers that share a temporary folder cannot see each
 * other's processes, so only processes of the same namespace count.
 */
function removeStale(parent: string): void {
  for (const name of namesIn(parent)) {
    const [, pid, space] = pattern.exec(name) ?? []
    if (pid === undefined || space !== pidNamespace() || isAlive(Number(pid))) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // belongs to another user
    }
  }
}

/** Empty when the folder cannot be read, for example without a free file descriptor: the next process will clean up. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
