import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { acquireWriterLock } from './writer-lock.js'

const { signal } = new AbortController()
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('is held by one at a time, and everyone gets a turn', async () => {
  let holders = 0
  let turns = 0
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let turn = 0; turn < 5; turn++) {
        const lock = await acquireWriterLock(folder, signal)
        holders += 1
        expect(holders).toBe(1)
        await new Promise((resolve) => setImmediate(resolve))
        holders -= 1
        turns += 1
        await lock.release()
      }
    }),
  )
  expect(turns).toBe(40)
  expect(readdirSync(folder).length).toBeLessThan(4)
})

const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid
const holder = (pid: number, host = hostname()): string => JSON.stringify({ pid, host, token: 't' })

it('of a process that is dead is free', async () => {
  writeFileSync(join(folder, 'writer-7.lock'), holder(deadPid()))
  const lock = await acquireWriterLock(folder, signal)
  expect(readdirSync(folder)).toContain('writer-8.lock')
  await lock.release()
})

it.each([
  ['a living process', () => holder(process.pid)],
  ['another machine', () => holder(deadPid(), 'elsewhere')],
])('of %s is free only after nobody touched it for a minute', async (_, content) => {
  const file = join(folder, 'writer-1.lock')
  writeFileSync(file, content())
  const early = AbortSignal.timeout(50)
  await expect(acquireWriterLock(folder, early)).rejects.toThrow()
  const before = Date.now() / 1000 - 61
  utimesSync(file, before, before)
  await (await acquireWriterLock(folder, signal)).release()
})

it('is the one with the highest number, whatever numbers below are free', async () => {
  writeFileSync(join(folder, 'writer-5.lock'), holder(process.pid))
  await expect(acquireWriterLock(folder, AbortSignal.timeout(50))).rejects.toThrow()
  expect(readdirSync(folder)).toEqual(['writer-5.lock'])
})

// the system says of a thread whether it lives
it.runIf(process.platform === 'linux')(
  'is free some seconds after the thread that held it has ended',
  async () => {
    const code =
      "require('worker_threads').parentPort.on('message', () => {}).postMessage(require('fs').readlinkSync('/proc/thread-self'))"
    const thread = new Worker(code, { eval: true })
    try {
      const [name] = (await once(thread, 'message')) as [string]
      const content = { pid: process.pid, host: hostname(), thread: name, token: 'of the thread' }
      const file = join(folder, 'writer-1.lock')
      writeFileSync(file, JSON.stringify(content))
      const touched = new Date(Date.now() - 30_000)
      utimesSync(file, touched, touched)
      await expect(acquireWriterLock(folder, AbortSignal.timeout(50))).rejects.toThrow()
    } finally {
      await thread.terminate()
    }
    await (await acquireWriterLock(folder, signal)).release()
  },
)

it('is contested after one that may go on, until somebody has given it back', async () => {
  const old = Date.now() / 1000 - 61
  const first = await acquireWriterLock(folder, signal)
  expect([first.isContested, await first.isHeld()]).toEqual([false, true])
  utimesSync(join(folder, 'writer-1.lock'), old, old)
  const second = await acquireWriterLock(folder, signal)
  expect([second.number, second.isContested]).toEqual([2, true])
  expect([await first.isHeld(), await second.isHeld()]).toEqual([false, true])
  // it is killed before it could do anything about the first
  const dead = {
    ...(JSON.parse(readFileSync(join(folder, 'writer-2.lock'), 'utf8')) as object),
    pid: deadPid(),
  }
  writeFileSync(join(folder, 'writer-2.lock'), JSON.stringify(dead))
  const third = await acquireWriterLock(folder, signal)
  expect([third.number, third.isContested]).toEqual([3, true])
  await first.release()
  expect(await third.isHeld()).toBe(true)
  await third.release()
  const fourth = await acquireWriterLock(folder, signal)
  expect([fourth.number, fourth.isContested]).toEqual([4, false])
  await fourth.release()
})
