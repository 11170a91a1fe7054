import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MillraceError } from '../errors.js'
import { end, holderOf, holding, lockOf, temporaryFolder } from './fixtures.suite.js'
import { abandonedMs } from './holder.js'
import { dropLock, renewLock, takeLock } from './lock.js'

/** Writes a statement as a process that was killed halfway would leave it. */
function state(folder: string, number: number, text: string): string {
  const locks = join(folder, '.millrace.lock')
  mkdirSync(locks, { recursive: true })
  const path = join(locks, String(number))
  writeFileSync(path, text)
  return path
}

function refusal(work: () => void): MillraceError {
  try {
    work()
  } catch (error) {
    if (MillraceError.is(error)) return error
    throw error
  }
  throw new Error('it was not refused')
}

test('pods of one Flow share a lock, and another Flow is told who has it', () => {
  const folder = temporaryFolder()
  const holder = holderOf()
  takeLock(folder, holder)
  takeLock(folder, holder)
  expect(holding(folder)).toEqual(holder)
  const error = refusal(() => takeLock(folder, holderOf({ name: 'index' })))
  expect(error).toMatchObject({ code: 'WORKSPACE_CONFLICT', retryable: false })
  expect(error.message).toBe(
    `${folder} is the workspace of Flow 'search' (pid ${process.pid}), which runs since 2026-01-02T03:04:05.678Z. ` +
      'Close that Flow, or give this one another workspace.',
  )
  expect(holding(folder)).toEqual(holder)
  expect(readdirSync(folder)).toEqual(['.millrace.lock'])
})

test('a lock of a Flow that has ended is taken over, and nothing of it stays', () => {
  const folder = temporaryFolder()
  const [first, second] = [holderOf(), holderOf()]
  takeLock(folder, first)
  end(first)
  takeLock(folder, second)
  expect(holding(folder)).toEqual(second)
  expect(readdirSync(folder)).toEqual(['.millrace.lock'])
})

test('a lock in another container counts until it was not renewed for a minute', () => {
  const folder = temporaryFolder()
  const elsewhere = holderOf({ space: 'elsewhere' })
  takeLock(folder, elsewhere)
  expect(refusal(() => takeLock(folder, holderOf())).message).toMatch(
    /another container or on another machine.*free 60 s later/,
  )
  const long = (Date.now() - abandonedMs) / 1000
  utimesSync(lockOf(folder), long, long)
  renewLock(folder, elsewhere.flow, Date.now())
  refusal(() => takeLock(folder, holderOf()))
  utimesSync(lockOf(folder), long, long)
  takeLock(folder, holderOf())
})

test('renewing leaves the lock of another Flow as it is', () => {
  const folder = temporaryFolder()
  takeLock(folder, holderOf())
  const before = statSync(lockOf(folder)).mtimeMs
  renewLock(folder, 'another', 0)
  expect(statSync(lockOf(folder)).mtimeMs).toBe(before)
})

test('a lock is given back by its own Flow only', () => {
  const folder = temporaryFolder()
  const holder = holderOf()
  takeLock(folder, holder)
  dropLock(folder, 'another')
  expect(holding(folder)).toEqual(holder)
  dropLock(folder, holder.flow)
  expect(holding(folder)).toBeNull()
  dropLock(folder, holder.flow)
  const next = holderOf()
  takeLock(folder, next)
  expect(holding(folder)).toEqual(next)
})

test('a lock that was cut off by a loss of power is taken over', () => {
  const folder = temporaryFolder()
  utimesSync(state(folder, 7, '{ "flow": "'), 1, 1)
  const holder = holderOf()
  takeLock(folder, holder)
  expect(holding(folder)).toEqual(holder)
})

test('what a Flow that was killed while it took a lock over has left is removed', () => {
  const folder = temporaryFolder()
  const [first, second, third] = [holderOf(), holderOf(), holderOf()]
  for (const [number, holder] of [first, second].entries()) state(folder, 9 + number, JSON.stringify(holder))
  takeLock(folder, second)
  refusal(() => takeLock(folder, first))
  end(second)
  takeLock(folder, third)
  expect(holding(folder)).toEqual(third)
})

test('a Flow that comes back just before its lock is old keeps it', () => {
  const folder = temporaryFolder()
  const elsewhere = holderOf({ space: 'elsewhere' })
  takeLock(folder, elsewhere)
  const before = lockOf(folder)
  const nearly = (Date.now() - abandonedMs) / 1000 + 5
  utimesSync(before, nearly, nearly)
  takeLock(folder, elsewhere)
  expect(lockOf(folder)).not.toBe(before)
  expect(Date.now() - statSync(lockOf(folder)).mtimeMs).toBeLessThan(abandonedMs / 2)
})
