import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Longest path of a Unix socket on every system we know (macOS: 103; Linux: 107), less the longest name in the folder. */
const longestFolder = 90

const pattern = /^millrace-(\d+)-/

let folder: string | null = null
let sockets = 0

/** A path for one more socket, in a folder of this process that only its user may enter. */
export function nextSocketPath(): string {
  folder ??= makeFolder()
  return join(folder, `${sockets++}.sock`)
}

/** Removes the socket of a pod that has ended, and the folder with the last one. */
export function releaseSocketPath(path: string): void {
  rmSync(path, { force: true })
  if (folder === null || readdirSync(folder).length > 0) return
  rmSync(folder, { recursive: true, force: true })
  folder = null
}

function makeFolder(): string {
  const parent = tmpdir().length > longestFolder - 'millrace-1234567890-abcdef'.length ? '/tmp' : tmpdir()
  removeStale(parent)
  // 0700 by itself
  return mkdtempSync(join(parent, `millrace-${process.pid}-`))
}

/** Folders of processes that were killed before they could tidy up. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(pattern.exec(name)?.[1] ?? 0)
    if (pid === 0 || pid === process.pid || isAlive(pid)) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true })
    } catch {
      // another user's
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
