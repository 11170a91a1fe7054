import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../errors.js'
import { createOnce } from './create-once.js'
import { abandonedMs, type Holder, isInSight, isRunning, parseHolder } from './holder.js'
import { orNull, pause } from './vanishing.js'

/** A subfolder of statements about who holds the folder: one file each, named by its number. The last one is in force. */
const lockName = '.millrace.lock'
/** The statement that the folder is free. */
const free = 'free\n'

/** How long a statement may be unreadable while it is being written, where the file system has no hard links. */
const writtenMs = 2000
const maxLooks = 1000

interface Statement {
  readonly number: number
  readonly path: string
  readonly isFree: boolean
  readonly holder: Holder | null
  readonly renewedAtMs: number
}

/**
 * Locks a folder for a Flow; the Flow's pods share the lock.
 *
 * 1. The folder belongs to the Flow named by the last statement, for as long as that Flow runs.
 * 2. A statement is created complete, after the last one, by exactly one process, and never changed.
 * 3. A statement is only removed once there is a later one.
 *
 * So the last number only grows. A process that saw a stale lock and then slept cannot interfere with those that took the
 * lock over in the meantime: its own statement is refused, or is not the last. A process killed between any two steps leaves
 * a statement of a Flow that has ended, and perhaps earlier ones, which the next process removes.
 *
 * @throws WORKSPACE_CONFLICT when another Flow holds the folder
 */
export function takeLock(folder: string, holder: Holder): void {
  for (const waitMs of taking(folder, holder)) if (waitMs > 0) pause(waitMs)
}

/** `takeLock` in steps, between which other processes may run: each yields the milliseconds to wait before the next one. */
export function* taking(folder: string, holder: Holder): Generator<number, void> {
  for (let looks = 0; looks < maxLooks; looks++) {
    const last = yield* readLast(folder)
    if (last !== null && isLastingly(last, holder)) return
    if (last !== null && last.holder?.flow !== holder.flow && hasHolder(last))
      throw isHeld(folder, last.holder)
    yield last !== null && isBeingWritten(last) ? 10 : 0
    if (last === null || !isBeingWritten(last)) yield* state(folder, last, `${JSON.stringify(holder)}\n`)
  }
  throw new MillraceError(
    'WORKSPACE_CONFLICT',
    `${join(folder, lockName)} kept changing during ${maxLooks} attempts to lock it. Does another program write there?`,
  )
}

/** Releases a folder that this Flow holds. */
export function dropLock(folder: string, flow: string): void {
  dropWhere(folder, ({ holder }) => holder?.flow === flow)
}

/** Releases the lock of a Flow whose program this process can see to have ended; a container cannot see programs outside. */
export function dropAbandoned(folder: string): void {
  dropWhere(folder, (last) => last.holder !== null && isInSight(last.holder) && !hasHolder(last))
}

/** Shows other containers that the Flow still runs. */
export function renewLock(folder: string, flow: string, nowMs: number): void {
  const last = inOneGo(readLast(folder))
  if (last?.holder?.flow === flow) orNull(() => utimesSync(last.path, nowMs / 1000, nowMs / 1000))
}

function dropWhere(folder: string, isDropped: (last: Statement) => boolean): void {
  const last = inOneGo(readLast(folder))
  if (last !== null && isDropped(last)) inOneGo(state(folder, last, free))
}

/** Adds the next statement, unless another process does first, and removes those before the last. */
function* state(folder: string, last: Statement | null, text: string): Generator<number, void> {
  const locks = join(folder, lockName)
  orNull(() => mkdirSync(locks))
  if (!createOnce(join(locks, String((last?.number ?? 0) + 1)), text)) return
  const numbers = yield* readNumbers(locks)
  for (const number of numbers.slice(0, -1)) rmSync(join(locks, String(number)), { force: true })
}

function* readLast(folder: string): Generator<number, Statement | null> {
  const locks = join(folder, lockName)
  for (;;) {
    const number = (yield* readNumbers(locks)).at(-1)
    if (number === undefined) return null
    yield 0
    const last = orNull(() => readStatement(join(locks, String(number)), number))
    if (last !== null) return last // otherwise there is a later one
  }
}

function readStatement(path: string, number: number): Statement {
  const text = readFileSync(path, 'utf8')
  return {
    number,
    path,
    isFree: text === free,
    holder: parseHolder(text),
    renewedAtMs: statSync(path).mtimeMs,
  }
}

/** Ascending; listed until two listings agree, since some file systems do not list a folder atomically. */
function* readNumbers(locks: string): Generator<number, readonly number[]> {
  let before: readonly number[] | null = null
  for (;;) {
    yield 0
    const names = orNull(() => readdirSync(locks)) ?? []
    const numbers = names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .toSorted((one, other) => one - other)
    if (before !== null && before.at(-1) === numbers.at(-1)) return numbers
    before = numbers
  }
}

function inOneGo<T>(steps: Generator<number, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Whether this Flow holds the folder, and no other process may soon consider the lock stale. */
function isLastingly({ holder, renewedAtMs }: Statement, { flow }: Holder): boolean {
  return holder?.flow === flow && Date.now() - renewedAtMs < abandonedMs / 2
}

function hasHolder(last: Statement): last is Statement & { readonly holder: Holder } {
  return last.holder !== null && isRunning(last.holder, last.renewedAtMs)
}

function isBeingWritten({ isFree, holder, renewedAtMs }: Statement): boolean {
  return !isFree && holder === null && Date.now() - renewedAtMs < writtenMs
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
