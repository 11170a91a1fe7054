import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { deferred } from '../lib/deferred.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { keepHealthFile, takeHealthFile } from './health-file.js'

const folder = mkdtempSync(path.join(os.tmpdir(), 'millrace-health-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('the file is there while the server says that it serves, and gone when it does not, or stops', async () => {
  const file = path.join(folder, 'health')
  const clock = new HandClock()
  let serves = true
  const asked: string[] = []
  const ask = (host: string): Promise<void> => {
    asked.push(host)
    return serves ? Promise.resolve() : Promise.reject(new Error('NOT_SERVING'))
  }
  const stop = keepHealthFile(file, { scheme: 'http', host: '0.0.0.0', port: 8080 }, { clock, ask })
  await expect.poll(() => clock.timers).toBe(1)
  expect(existsSync(file)).toBe(true)
  serves = false
  clock.move(10_000)
  await expect.poll(() => clock.timers).toBe(1)
  expect(existsSync(file)).toBe(false)
  serves = true
  clock.move(10_000)
  await expect.poll(() => clock.timers).toBe(1)
  expect(existsSync(file)).toBe(true)
  await stop()
  expect(existsSync(file)).toBe(false)
  expect(clock.timers).toBe(0)
  expect(asked).toEqual(Array.from({ length: 3 }, () => 'http://127.0.0.1:8080'))
})

test('a check that answers after the end does not bring the file back', async () => {
  const file = path.join(folder, 'late')
  const answer = deferred<void>()
  const clock = new HandClock()
  const stop = keepHealthFile(
    file,
    { scheme: 'grpc', host: '::1', port: 1 },
    { clock, ask: () => answer.promise },
  )
  const stopped = stop()
  answer.resolve()
  await stopped
  expect([existsSync(file), clock.timers]).toEqual([false, 0])
})

test('its name is taken from the environment, so that pods do not have it', async () => {
  const env = { MILLRACE_HEALTH_FILE: '/tmp/health', OTHER: '1' }
  expect(takeHealthFile(env)).toBe('/tmp/health')
  expect(env).toEqual({ OTHER: '1' })
  expect(takeHealthFile(env)).toBeNull()
  await keepHealthFile(null, { scheme: 'grpc', host: '::', port: 1 })()
})
