import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive } from '../lib/alive.js'
import { createWhole, isMissing } from './create-whole.js'
import { isThreadAlive, ownThread } from './system-thread.js'

// One writer at a time, across processes, by files `writer-N.lock`:
//
// 1. The file with the highest N holds the turn. The turn is free when the file is empty, when its process is dead, or when its
//    holder has not touched it for a minute. When its thread is dead, it is free ten seconds later, because LanceDB may
//    still finish operations of that thread in this process.
// 2. A writer that finds it free creates N+1, complete and only if it does not exist, and then looks again: a writer that
//    sees a higher number than its own was too late and starts over.
// 3. The highest file is never removed, and no writer changes the file of another. So a holder that is killed at any
//    moment blocks no one, and no two writers take over from it.
//
// A holder that was suspended for a minute may resume where it stopped. The next holder is told that its turn is contested,
// until a later holder has released the lock: it must make sure that writes of the former holder have no effect. N orders the
// turns.

/** The content of a turn's file. */
interface Holder {
  readonly pid: number
  readonly host: string
  /** A thread can end without its process. Null where threads cannot be identified. */
  readonly thread?: string | null
  /** Whether an earlier holder may still be at work. */
  readonly contested?: boolean
}

type Turn = 'taken' | 'free' | 'contested'

const pattern = /^writer-(\d+)\.lock$/
const lostAfterMs = 60_000
const touchEveryMs = 5_000
const threadLostAfterMs = 2 * touchEveryMs
const longestPauseMs = 20

/** The turn of one writer. */
export interface WriterLock {
  /** Higher than the number of every earlier holder. */
  readonly number: number
  /** Whether an earlier holder that lost its turn may still be at work. */
  readonly isContested: boolean
  /** Whether no other writer has taken over. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** Waits for the turn of this writer. Rejects with the reason of `signal`. */
export async function acquireWriterLock(folder: string, signal: AbortSignal): Promise<WriterLock> {
  const holder = { pid: process.pid, host: hostname(), thread: ownThread(), token: randomUUID() }
  for (let pauseMs = 1; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    signal.throwIfAborted()
    const lock = await attempt(folder, holder)
    if (lock !== undefined) return lock
    await sleep(pauseMs * (0.5 + Math.random()), undefined, { signal })
  }
}

async function attempt(folder: string, holder: Holder): Promise<WriterLock | undefined> {
  const highest = Math.max(0, ...(await turns(folder)))
  const turn = highest === 0 ? 'free' : await lookAt(path(folder, highest))
  if (turn === 'taken') return undefined
  const own = highest + 1
  const contested = turn === 'contested'
  if (!(await createWhole(path(folder, own), JSON.stringify({ ...holder, contested })))) return undefined
  const after = await turns(folder)
  if (Math.max(...after) > own) {
    await rm(path(folder, own), { force: true })
    return undefined
  }
  // the previous file stays, so that two listings of the folder share at least one file
  for (const turn of after) if (turn < own - 1) await rm(path(folder, turn), { force: true })
  return hold(folder, own, contested)
}

function hold(folder: string, number: number, isContested: boolean): WriterLock {
  const file = path(folder, number)
  const timer = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, touchEveryMs)
  timer.unref()
  return {
    number,
    isContested,
    isHeld: async () => Math.max(...(await turns(folder))) === number,
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

async function lookAt(file: string): Promise<Turn> {
  try {
    const content = await readFile(file, 'utf8')
    if (content === '') return 'free'
    const { pid, host, thread = null, contested = false } = JSON.parse(content) as Holder
    if (host === hostname() && !isAlive(pid)) return contested ? 'contested' : 'free'
    const untouchedMs = Date.now() - (await stat(file)).mtimeMs
    if (untouchedMs > lostAfterMs) return 'contested'
    const hasEnded = host === hostname() && thread !== null && !isThreadAlive(thread)
    return hasEnded && untouchedMs > threadLostAfterMs ? 'contested' : 'taken'
  } catch (error) {
    if (isMissing(error)) return 'taken'
    throw error
  }
}

const path = (folder: string, turn: number): string => join(folder, `writer-${turn}.lock`)
