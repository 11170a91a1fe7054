import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '../lib/alive.js'
import { createWhole, isMissing } from './create-whole.js'
import { isThreadAlive, ownThread } from './system-thread.js'

// One writer at a time, over processes, by files `writer-N.lock`:
//
// 1. The file with the highest N says whose turn it is. It is free when it is empty, when its process is dead, or when its
//    holder has not touched it for a minute; for ten seconds when its thread is dead, for LanceDB finishes in this process
//    what that thread has asked of it.
// 2. Who finds it free makes N+1, whole and only if there is none, and then looks again: whoever sees a higher one than
//    his own came late and begins anew.
// 3. The highest file is never removed, and nobody writes into the file of another. So a holder that is killed at any
//    moment blocks nobody, and no two take over from him.

/** What the file of a turn says. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** A thread's end does not end its process. Null where that cannot be told. */
  readonly thread?: string | null
}

const pattern = /^writer-(\d+)\.lock$/
const lostAfterMs = 60_000
const touchEveryMs = 5_000
const threadLostAfterMs = 2 * touchEveryMs
const longestPauseMs = 20

export interface WriterLock {
  release(): Promise<void>
}

/** Waits for its turn. Rejects with the reason of `signal`. */
export async function acquireWriterLock(folder: string, signal: AbortSignal): Promise<WriterLock> {
  const content = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    thread: ownThread(),
    token: randomUUID(),
  })
  for (let pauseMs = 1; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    signal.throwIfAborted()
    const lock = await attempt(folder, content)
    if (lock !== undefined) return lock
    await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal })
  }
}

async function attempt(folder: string, content: string): Promise<WriterLock | undefined> {
  const highest = Math.max(0, ...(await turns(folder)))
  if (highest > 0 && !(await isFree(path(folder, highest)))) return undefined
  const own = highest + 1
  if (!(await createWhole(path(folder, own), content))) return undefined
  const after = await turns(folder)
  if (Math.max(...after) > own) {
    await rm(path(folder, own), { force: true })
    return undefined
  }
  // the one before stays, so that two readings of the folder have at least one file in common
  for (const turn of after) if (turn < own - 1) await rm(path(folder, turn), { force: true })
  return hold(path(folder, own))
}

function hold(file: string): WriterLock {
  const timer = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, touchEveryMs)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      await writeFile(file, '')
    },
  }
}

async function turns(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.flatMap((name) => {
    const number = pattern.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

async function isFree(file: string): Promise<boolean> {
  try {
    const content = await readFile(file, 'utf8')
    if (content === '') return true
    const untouchedMs = Date.now() - (await stat(file)).mtimeMs
    if (untouchedMs > lostAfterMs) return true
    const { pid, host, thread = null } = JSON.parse(content) as Holder
    if (host !== hostname()) return false
    return !isAlive(pid) || (thread !== null && untouchedMs > threadLostAfterMs && !isThreadAlive(thread))
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

const path = (folder: string, turn: number): string => join(folder, `writer-${turn}.lock`)
