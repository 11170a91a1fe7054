import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { activityOf, parseStat } from './activity.js'

const stat = (name: string, state: string): string =>
  `123 (${name}) ${state} 1 123 123 0 -1 4194304 900 0 0 0 41 9 0 0 20 0 11 0 5000 1 2`

it('state and CPU time are found behind a name that looks like fields', () => {
  expect(parseStat(stat('node', 'S'))).toEqual({ stopped: false, ticks: 50 })
  expect(parseStat(stat(') T 1 (x', 'T'))).toEqual({ stopped: true, ticks: 50 })
  expect(parseStat(stat('node', 't'))).toEqual({ stopped: true, ticks: 50 })
  expect(parseStat('')).toBeNull()
})

it('nothing is known of a process that is gone', async () => {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  expect(activityOf(child.pid!)).toBeNull()
})

it.runIf(process.platform === 'linux')(
  'a process that was stopped is seen to be, and computes nothing',
  async () => {
    const child = spawn(process.execPath, ['-e', 'console.log(); for (;;);'])
    await once(child.stdout, 'data')
    expect(activityOf(child.pid!)?.stopped).toBe(false)
    child.kill('SIGSTOP')
    await expect.poll(() => activityOf(child.pid!)?.stopped).toBe(true)
    const { ticks } = activityOf(child.pid!)!
    expect(activityOf(child.pid!)).toEqual({ stopped: true, ticks })
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(activityOf(child.pid!)).toBeNull()
  },
)

it.runIf(process.platform === 'linux')('a process that computes has its ticks counted', () => {
  const before = activityOf(process.pid)!
  const began = process.cpuUsage()
  const usedMs = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000
  // 50 ms of its own, five ticks: on a busy machine it may get none of the time that passes
  while (usedMs(process.cpuUsage(began)) < 50);
  expect(activityOf(process.pid)!.ticks).toBeGreaterThan(before.ticks)
})
