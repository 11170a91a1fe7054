import { lstatSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { MillraceError } from '../errors.js'

/** Longest path of a Unix socket on every system we know (macOS: 103; Linux: 107), less the longest name in the folder. */
const longestFolder = 60

/** Permissions of others than the owner. */
const othersBits = 0o077
const othersWriteBits = 0o022
const stickyBit = 0o1000

/** Where a program runs, as far as it decides on the folder of control sockets. */
export interface Surroundings {
  /** `$XDG_RUNTIME_DIR`: made by the system at login, for this user only. */
  readonly runtimeDir: string | undefined
  readonly temporary: string
  /** Id of the user; -1 where there is none. */
  readonly uid: number
}

export const surroundings = (): Surroundings => ({
  runtimeDir: process.env.XDG_RUNTIME_DIR,
  temporary: tmpdir(),
  uid: process.getuid?.() ?? -1,
})

/**
 * The folder for a control socket of this user, made when it is not there: `$XDG_RUNTIME_DIR/millrace`, else `millrace-UID`
 * in the temporary folder. It is a folder and no link, belongs to this user, and nobody else may enter it: anybody may
 * have made one of that name in `/tmp`, to listen there in our place or to have our sockets.
 *
 * @throws UNSUPPORTED where there are no users, or when the folder cannot be trusted; then nothing was changed.
 */
export function controlFolder(from: Surroundings = surroundings()): string {
  if (from.uid < 0) throw new MillraceError('UNSUPPORTED', 'Control sockets need a system with users.')
  const folder = places(from)[0]!
  refuseIf(whyParentNotTrusted(folder, from.uid))
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  refuseIf(whyNotTrusted(folder, from.uid))
  return folder
}

/** Folders that may have sockets of this user's Flows, and can be trusted: a service may run without `$XDG_RUNTIME_DIR`. */
export function foldersToSearch(from: Surroundings = surroundings()): readonly string[] {
  if (from.uid < 0) return []
  return places(from).filter(
    (folder) => whyParentNotTrusted(folder, from.uid) === null && whyNotTrusted(folder, from.uid) === null,
  )
}

/** The first is where a Flow of these surroundings makes its socket. */
function places({ runtimeDir, temporary, uid }: Surroundings): readonly string[] {
  const inTemporary = join(temporary, `millrace-${uid}`)
  const short = inTemporary.length > longestFolder ? join('/tmp', `millrace-${uid}`) : inTemporary
  if (runtimeDir === undefined || !isAbsolute(runtimeDir)) return [short]
  const inRuntimeDir = join(runtimeDir, 'millrace')
  // `sudo` may keep the variable of another user: a folder made there by root would lock that user out
  return inRuntimeDir.length <= longestFolder && isPrivate(runtimeDir, uid) ? [inRuntimeDir, short] : [short]
}

function isPrivate(folder: string, uid: number): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false })
  return stats !== undefined && stats.isDirectory() && stats.uid === uid && (stats.mode & othersBits) === 0
}

/** One sentence, or null when only this user (and root) can put something into the folder. */
function whyNotTrusted(folder: string, uid: number): string | null {
  const stats = lstatSync(folder, { throwIfNoEntry: false })
  if (stats === undefined) return `${folder} does not exist.`
  if (stats.isSymbolicLink()) return `${folder} must be a folder, and is a symbolic link.`
  if (!stats.isDirectory()) return `${folder} must be a folder, and is something else.`
  if (stats.uid !== uid) return `${folder} must belong to user ${uid}, and belongs to user ${stats.uid}.`
  if ((stats.mode & othersBits) === 0) return null
  return `${folder} must be for its owner only (mode 700), and has mode ${(stats.mode & 0o777).toString(8)}.`
}

/** One sentence, or null when nobody but this user and root can put another folder in the place of this one. */
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
