import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { MillraceError } from '../errors.js'

/**
 * Maximum length of the folder's path: the shortest limit for paths of Unix sockets (macOS: 103; Linux: 107), less the
 * longest file name.
 */
const longestFolder = 60

/** Permission bits of group and others. */
const othersBits = 0o077
const othersWriteBits = 0o022
const stickyBit = 0o1000

/** The environment that determines the folder of control sockets. */
export interface Surroundings {
  /** `$XDG_RUNTIME_DIR`: created by the system at login, for this user only. */
  readonly runtimeDir: string | undefined
  readonly temporary: string
  /** User id; -1 on systems without user ids. */
  readonly uid: number
}

/** Reads the environment of this process. */
export const surroundings = (): Surroundings => ({
  runtimeDir: process.env.XDG_RUNTIME_DIR,
  temporary: tmpdir(),
  uid: process.getuid?.() ?? -1,
})

/**
 * The folder for this user's control sockets, created if missing: `$XDG_RUNTIME_DIR/millrace`, else `millrace-UID` in the
 * temporary folder. It must be a folder and not a link, belong to this user, and be closed to others, because any user can
 * create a folder of that name in `/tmp` to impersonate a Flow or to take over its sockets.
 *
 * @throws UNSUPPORTED on systems without user ids, or when the folder cannot be trusted; nothing was changed then.
 */
export function controlFolder(from: Surroundings = surroundings()): string {
  if (from.uid < 0) throw new MillraceError('UNSUPPORTED', 'Control sockets need a system with users.')
  const folder = candidates(from)[0]!
  refuseIf(whyParentNotTrusted(folder, from.uid))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  refuseIf(whyNotTrusted(folder, from.uid))
  return folder
}

/** Trusted folders that may have sockets of this user's Flows; several, because a service may run without `$XDG_RUNTIME_DIR`. */
export function foldersToSearch(from: Surroundings = surroundings()): readonly string[] {
  if (from.uid < 0) return []
  return candidates(from).filter(
    (folder) => whyParentNotTrusted(folder, from.uid) === null && whyNotTrusted(folder, from.uid) === null,
  )
}

/** Possible folders; a Flow creates its socket in the first. */
function candidates({ runtimeDir, temporary, uid }: Surroundings): readonly string[] {
  const inTemporary = join(temporary, `millrace-${uid}`)
  const short = inTemporary.length > longestFolder ? join('/tmp', `millrace-${uid}`) : inTemporary
  if (runtimeDir === undefined || !isAbsolute(runtimeDir)) return [short]
  const inRuntimeDir = join(runtimeDir, 'millrace')
  // `sudo` may keep another user's variable: a folder created there by root would lock that user out
  return inRuntimeDir.length <= longestFolder && isPrivate(runtimeDir, uid) ? [inRuntimeDir, short] : [short]
}

function isPrivate(folder: string, uid: number): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false })
  return stats !== undefined && stats.isDirectory() && stats.uid === uid && (stats.mode & othersBits) === 0
}

/** The reason as a sentence; null when only this user (and root) can write to the folder. */
function whyNotTrusted(folder: string, uid: number): string | null {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) return `${folder} does not exist.`
  if (stats.isSymbolicLink()) return `${folder} must be a folder, and is a symbolic link.`
  if (!stats.isDirectory()) return `${folder} must be a folder, and is something else.`
  if (stats.uid !== uid) return `${folder} must belong to user ${uid}, and belongs to user ${stats.uid}.`
  if ((stats.mode & othersBits) === 0) return null
  return `${folder} must be for its owner only (mode 700), and has mode ${(stats.mode & 0o777).toString(8)}.`
}

/** The reason as a sentence; null when only this user and root can replace the folder. */
function whyParentNotTrusted(folder: string, uid: number): string | null {
  const parent = dirname(folder)
  const stats = statSync(parent, { throwIfNoEntry: false })
  if (stats === undefined) return `${parent} does not exist.`
  if (stats.uid !== 0 && stats.uid !== uid) return `${parent} belongs to user ${stats.uid}.`
  if ((stats.mode & othersWriteBits) === 0 || (stats.mode & stickyBit) !== 0) return null
  return `Others may rename what is in ${parent}: it needs its sticky bit (chmod +t).`
}

function refuseIf(distrust: string | null): void {
  if (distrust !== null) throw new MillraceError('UNSUPPORTED', distrust)
}
