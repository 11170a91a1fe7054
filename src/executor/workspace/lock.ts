import { randomUUID } from 'node:crypto'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../errors.js'
import { createOnce } from './create-once.js'
import { abandonedMs, type Holder, isInSight, isRunning, parseHolder } from './holder.js'
import { orNull, pause } from './vanishing.js'

/** Beside it, those that were moved aside, each under a name of its own. */
const lockName = '.millrace.lock'
const asideName = '.millrace.lock.aside'

/** How long a lock may be unreadable because it is being written, where the file system has no hard links. */
const writtenMs = 2000
const maxLooks = 1000

/** A lock as it was read. */
interface Lock {
  readonly path: string
  readonly aside: boolean
  readonly text: string
  readonly holder: Holder | null
  readonly renewedAtMs: number
}

/**
 * Locks a folder for a Flow; its pods share it.
 *
 * 1. The folder is that Flow's which a lock names, as long as that Flow runs; a lock aside counts before `.millrace.lock`.
 * 2. `.millrace.lock` is only made where there is none, whole, and is never changed. It is not removed under its name, where
 *    it may have been replaced since it was looked at, but moved aside, under a new name, and looked at there.
 * 3. So one that was moved by mistake still counts: it stays aside until its Flow has ended. Whoever made a lock meanwhile
 *    looks once more, sees it, and gives way.
 *
 * Killed between any two steps, what stays is a lock of a Flow that ended, which the next one removes.
 *
 * @throws WORKSPACE_CONFLICT when another Flow has it
 */
export function takeLock(folder: string, holder: Holder): void {
  let made = false
  for (let looks = 0; looks < maxLooks; looks++) {
    const locks = readLocks(folder)
    const mine = locks.find((lock) => lock.holder?.flow === holder.flow)
    const others = locks.filter((lock) => lock.holder?.flow !== holder.flow)
    const rival = others.find((lock) => hasHolder(lock) && (lock.aside || mine?.aside !== true))
    if (rival?.holder) {
      if (!made || mine === undefined) throw isHeld(folder, rival.holder)
      removeLock(folder, mine)
      made = false
      pause(1 + Math.random() * 10) // it may be giving way as well
    } else if (mine !== undefined) return
    else if (others.some(isBeingWritten)) pause(10)
    else {
      for (const lock of others) removeLock(folder, lock)
      made = createOnce(join(folder, lockName), `${JSON.stringify(holder)}\n`)
    }
  }
  throw new MillraceError('WORKSPACE_CONFLICT', `${join(folder, lockName)} does not stay as it is made.`)
}

/** Gives a folder back, if it is that Flow's. */
export function dropLock(folder: string, flow: string): void {
  for (const lock of readLocks(folder)) if (lock.holder?.flow === flow) removeLock(folder, lock)
}

/** Takes away what a Flow has left that can be seen to have ended: from within a container nobody could. */
export function dropAbandoned(folder: string): void {
  for (const lock of readLocks(folder)) {
    const { holder } = lock
    if (holder !== null && isInSight(holder) && !hasHolder(lock)) removeLock(folder, lock)
  }
}

/** Says to other containers that the Flow still runs. */
export function renewLock(folder: string, flow: string, nowMs: number): void {
  for (const lock of readLocks(folder)) {
    if (lock.holder?.flow === flow) utimesSync(lock.path, nowMs / 1000, nowMs / 1000)
  }
}

function readLocks(folder: string): Lock[] {
  // in this order: what is made while another one is moved is seen together with that one
  const lock = readLock(join(folder, lockName), false)
  const aside = orNull(() => readdirSync(join(folder, asideName))) ?? []
  const moved = aside.map((name) => readLock(join(folder, asideName, name), true))
  return [lock, ...moved].filter((found) => found !== null)
}

function readLock(path: string, aside: boolean): Lock | null {
  return orNull(() => {
    const text = readFileSync(path, 'utf8')
    return { path, aside, text, holder: parseHolder(text), renewedAtMs: statSync(path).mtimeMs }
  })
}

function removeLock(folder: string, lock: Lock): void {
  if (lock.aside) rmSync(lock.path, { force: true })
  else moveAside(folder, lock)
  // the last one out; it is in use where it is not empty
  orNull(() => rmdirSync(join(folder, asideName)))
}

/** Removes it there, unless it was another one that was moved. */
function moveAside(folder: string, { path, text }: Lock): void {
  const aside = join(folder, asideName, randomUUID())
  orNull(() => mkdirSync(join(folder, asideName)))
  orNull(() => renameSync(path, aside))
  if (readLock(aside, true)?.text === text) rmSync(aside, { force: true })
}

function hasHolder({ holder, renewedAtMs }: Lock): boolean {
  return holder !== null && isRunning(holder, renewedAtMs)
}

function isBeingWritten({ holder, renewedAtMs }: Lock): boolean {
  return holder === null && Date.now() - renewedAtMs < writtenMs
}

function isHeld(folder: string, holder: Holder): MillraceError {
  const { name, pid, startedAt } = holder
  const elsewhere =
    ' It is in another container or on another machine: should it have been killed there, the workspace is free ' +
    `${abandonedMs / 1000} s later.`
  return new MillraceError(
    'WORKSPACE_CONFLICT',
    `${folder} is the workspace of Flow '${name}' (pid ${pid}), which runs since ${startedAt}. ` +
      `Close that Flow, or give this one another workspace.${isInSight(holder) ? '' : elsewhere}`,
  )
}
