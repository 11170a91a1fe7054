import { expect, it } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { loggerOf } from '../../executor/fixtures.suite.js'
import type { Runtime } from '../../plan/executor-settings.js'
import type { Pod } from '../../pods/pod.js'
import type { Activity } from './activity.js'
import { HangDetector } from './hang-detector.js'

function watched(runtime: Runtime = 'process') {
  const clock = new HandClock()
  const logged: string[] = []
  let killed = 0
  const pod = { name: 'exec/rep-0', pid: 7, kill: () => void killed++ } as unknown as Pod
  const state = { activity: { stopped: false, ticks: 10 } as Activity | null }
  const detector = new HangDetector(
    runtime,
    { timeoutMs: 5000, busyMs: 60_000 },
    { clock, logger: loggerOf(logged), activityOf: () => state.activity },
  )
  /** A report each second, from `fromMs` to `toMs` of silence. */
  const silent = (fromMs: number, toMs: number = fromMs): void => {
    for (let ms = fromMs; ms <= toMs; ms += 1000) {
      detector.silent(pod, ms)
      clock.move(1000)
    }
  }
  return { silent, state, clock, logged, detector, pod, killed: () => killed }
}

it('a process that computes nothing is killed at the second report', () => {
  const { silent, killed, logged } = watched()
  silent(5000.0123)
  expect(logged.at(-1)).toContain('has not answered for 5000 ms;')
  expect(killed()).toBe(0)
  silent(6000.0123)
  expect(killed()).toBe(1)
  expect(logged.at(-1)).toMatch(/error: exec\/rep-0 hangs.* 6000 ms;/)
})

it('a stopped process is killed, and the log says that it was stopped', () => {
  const { silent, state, killed, logged } = watched()
  state.activity = { stopped: true, ticks: 10 }
  silent(5000, 6000)
  expect(killed()).toBe(1)
  expect(logged.at(-1)).toContain('is stopped')
})

it('a process that computes is not killed until it has done so for too long', () => {
  const { silent, state, killed } = watched()
  for (let ms = 5000; ms < 60_000; ms += 1000) {
    state.activity = { stopped: false, ticks: ms }
    silent(ms)
  }
  expect(killed()).toBe(0)
  state.activity = { stopped: false, ticks: 1e6 }
  silent(60_000)
  expect(killed()).toBe(1)
})

it.each([
  ['thread', 1],
  ['inline', 0],
] as const)('a %s pod that is silent for too long is killed %i times', (runtime, times) => {
  const { silent, killed, logged } = watched(runtime)
  silent(5000, 59_000)
  expect(killed()).toBe(0)
  silent(60_000)
  expect(killed()).toBe(times)
  expect(logged.filter((line) => line.includes('gets no requests'))).toHaveLength(1)
})

it('a process counts as busy where the system does not report its CPU time', () => {
  const { silent, state, killed } = watched()
  state.activity = null
  silent(5000, 59_000)
  expect(killed()).toBe(0)
})

it('late reports that arrive in a burst kill no pod', () => {
  const { detector, pod, killed } = watched()
  for (const ms of [5000, 6000, 7000, 65_000]) detector.silent(pod, ms)
  expect(killed()).toBe(0)
})

it('reports after a gap, as when this program was paused, kill no pod', () => {
  const { silent, clock, killed } = watched()
  silent(5000)
  clock.move(60_000)
  silent(66_000)
  expect(killed()).toBe(0)
})

it('a second silence begins anew', () => {
  const { silent, killed } = watched()
  silent(5000)
  silent(5000)
  expect(killed()).toBe(0)
})
