import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { end, holderOf } from './fixtures.suite.js'
import { abandonedMs, isRunning, parseHolder } from './holder.js'
import { isSameProcess, processStart } from './process-space.js'

const now = 1_000_000_000

test('a Flow of this process runs while its token is there, however long ago it renewed its locks', () => {
  const holder = holderOf()
  expect(isRunning(holder, 0, now)).toBe(true)
  end(holder)
  expect(isRunning(holder, now, now)).toBe(false)
})

test('a Flow whose process has ended does not run, though its token is there', async () => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(isRunning(holderOf({ pid: child.pid!, processStart: null }), now, now)).toBe(false)
})

test.runIf(process.platform === 'linux')(
  'a later process with the same id is not mistaken for the holder',
  () => {
    const start = processStart(process.pid)
    expect(start).toMatch(/^\d+$/)
    expect(isSameProcess(process.pid, start)).toBe(true)
    expect(isSameProcess(process.pid, `${start}0`)).toBe(false)
    expect(isRunning(holderOf({ processStart: `${start}0` }), now, now)).toBe(false)
  },
)

test('without a known start the id alone counts', () => {
  expect(isSameProcess(process.pid, null)).toBe(true)
})

test.each([
  ['in another container', { space: 'elsewhere' }],
  ['that has other files under the same paths', { mounts: 'elsewhere' }],
])('a Flow %s runs as long as it renews its locks', (_where, facts) => {
  const holder = holderOf(facts)
  end(holder) // its token is not visible from here
  expect(isRunning(holder, now - abandonedMs + 1, now)).toBe(true)
  expect(isRunning(holder, now - abandonedMs, now)).toBe(false)
})

test('with other files, but known processes, one that has ended does not run', () => {
  const holder = holderOf({ mounts: 'elsewhere', processStart: '1' })
  expect(isRunning(holder, now, now)).toBe(process.platform !== 'linux')
})

test('a holder is read as it was written, and anything else is none', () => {
  const holder = holderOf()
  expect(parseHolder(JSON.stringify(holder))).toEqual(holder)
  const { token: _, ...incomplete } = holder
  for (const text of ['', 'null', '[]', '{', '7', JSON.stringify(incomplete)])
    expect(parseHolder(text)).toBeNull()
})
