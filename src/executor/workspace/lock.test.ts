import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MillraceError } from '../../errors.js'
import { end, holderOf, temporaryFolder } from './fixtures.suite.js'
import { abandonedMs } from './holder.js'
import { dropLock, renewLock, takeLock } from './lock.js'

const lockOf = (folder: string): string => join(folder, '.millrace.lock')
const holding = (folder: string): unknown => JSON.parse(readFileSync(lockOf(folder), 'utf8'))

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
  expect(readdirSync(folder)).toEqual([])
})

test('a lock that was cut off by a loss of power is taken over', () => {
  const folder = temporaryFolder()
  writeFileSync(lockOf(folder), '{ "flow": "')
  utimesSync(lockOf(folder), 1, 1)
  const holder = holderOf()
  takeLock(folder, holder)
  expect(holding(folder)).toEqual(holder)
})

/** As if a process had been killed between moving a lock aside and looking at it. */
function moveAside(folder: string, name: string): string {
  const aside = join(folder, '.millrace.lock.aside')
  mkdirSync(aside, { recursive: true })
  renameSync(lockOf(folder), join(aside, name))
  return aside
}

test('a lock that was moved aside by mistake counts as before', () => {
  const folder = temporaryFolder()
  const holder = holderOf()
  takeLock(folder, holder)
  const aside = moveAside(folder, 'x')
  takeLock(folder, holder)
  refusal(() => takeLock(folder, holderOf()))
  expect(readdirSync(folder)).toEqual(['.millrace.lock.aside'])
  dropLock(folder, holder.flow)
  expect(() => readdirSync(aside)).toThrow('ENOENT')
})

test('a lock that was moved aside and then left behind is removed', () => {
  const folder = temporaryFolder()
  const [first, second] = [holderOf(), holderOf()]
  takeLock(folder, first)
  moveAside(folder, 'x')
  end(first)
  takeLock(folder, second)
  expect(holding(folder)).toEqual(second)
  expect(readdirSync(folder)).toEqual(['.millrace.lock'])
})

test('the lock aside wins over one that was made while it was moved', () => {
  const folder = temporaryFolder()
  const [first, second] = [holderOf(), holderOf()]
  takeLock(folder, first)
  moveAside(folder, 'x')
  writeFileSync(lockOf(folder), JSON.stringify(second))
  refusal(() => takeLock(folder, second))
  takeLock(folder, first)
})
