import { existsSync } from 'node:fs'
import { mkdtemp, rm, stat, statfs, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bytesText } from './bytes.js'
import { type Finding, note, ok, wrong } from './finding.js'

const leastBytes = 100_000_000
const enoughBytes = 1_000_000_000
const leastInodes = 1000
const enoughInodes = 10_000
/** Clocks of a file server and of this machine may differ by this much. */
const skewMs = 2000

/** What is free where a workspace is. `inodes`: null for file systems that do not count them. */
export interface Room {
  readonly folder: string
  readonly bytes: number
  readonly inodes: number | null
}

export function roomFinding({ folder, bytes, inodes }: Room): Finding {
  const files = inodes === null ? '' : `, ${inodes} files`
  const found = `${bytesText(bytes)}${files} free for ${folder}`
  const advice = 'Remove old data, or set the workspace to another disk.'
  if (bytes < leastBytes || (inodes ?? leastInodes) < leastInodes) return wrong('disk', found, advice)
  if (bytes < enoughBytes || (inodes ?? enoughInodes) < enoughInodes) return note('disk', found, advice)
  return ok('disk', found)
}

/** @param folder may not exist yet */
export async function roomFor(folder: string): Promise<Room> {
  const { bavail, bsize, ffree, files } = await statfs(existing(folder))
  return { folder, bytes: bavail * bsize, inodes: files === 0 ? null : ffree }
}

/** Writes a file where a workspace is or would be, and compares its time with the clock. */
export async function writeFindings(folder: string): Promise<readonly Finding[]> {
  const parent = existing(folder)
  try {
    const probe = await mkdtemp(path.join(parent, '.millrace-doctor-'))
    try {
      const file = path.join(probe, 'clock')
      const before = Date.now()
      await writeFile(file, '')
      const { mtimeMs } = await stat(file)
      return [clockFinding(mtimeMs - (before + Date.now()) / 2)]
    } finally {
      await rm(probe, { recursive: true })
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const found = `${parent} cannot be written: ${code ?? message}`
    return [wrong('workspace', found, 'Give this user the permission, or set another workspace.')]
  }
}

/** @param skew milliseconds by which the clock of the file system is ahead of this machine's */
export function clockFinding(skew: number): Finding {
  const now = new Date().toISOString()
  if (Math.abs(skew) <= skewMs) return ok('clock', now)
  return note(
    'clock',
    `${now}, ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'behind' : 'ahead of'} that of the workspace's disk`,
    'Synchronize it (NTP): certificates, tokens and logs of several machines need equal clocks.',
  )
}

/** The folder, or the nearest above it that exists. */
function existing(folder: string): string {
  const absolute = path.resolve(folder)
  return existsSync(absolute) ? absolute : existing(path.dirname(absolute))
}
