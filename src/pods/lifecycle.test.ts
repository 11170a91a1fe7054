import { expect, test } from 'vitest'
import type { Clock } from '../lib/clock.js'
import type { Driver, HostEvents } from './host.js'
import { runPod } from './lifecycle.js'
import type { Pod, PodSpec } from './pod.js'

/** Time that passes when the test says so. */
class FakeClock implements Clock {
  #now = 0
  #timers: { at: number; wake: () => void }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets what is due and what follows from it happen. */
  async pass(ms: number): Promise<void> {
    this.#now += ms
    const due = this.#timers.filter(({ at }) => at <= this.#now)
    this.#timers = this.#timers.filter(({ at }) => at > this.#now)
    for (const { wake } of due) wake()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** A host that does nothing but keep a list of what was asked of it. */
function fake(spec: Partial<PodSpec> = {}, signal: AbortSignal = new AbortController().signal) {
  const asked: string[] = []
  const lines: string[] = []
  const clock = new FakeClock()
  let events!: HostEvents
  const driver: Driver = (_spec, told) => {
    events = told
    return {
      pid: 3412,
      stop: (graceMs) => asked.push(`stop ${graceMs}`),
      terminate: () => asked.push('terminate'),
      profile: async ({ kind }) => void asked.push(`profile ${kind}`),
      fault: ({ type }) => asked.push(`fault ${type}`),
      kill() {
        asked.push('kill')
        told.exited('was killed by SIGKILL')
      },
    }
  }
  const full = { name: 'exec/rep-1', deployment: 'exec', timeoutReadyMs: 1000, ...spec } as PodSpec
  const started = runPod(driver, full, { signal, clock, onLine: (line) => lines.push(line) })
  started.catch(() => {})
  return { asked, lines, clock, events, started }
}

const address = { kind: 'socket', path: '/x.sock' } as const

async function running(): Promise<ReturnType<typeof fake> & { pod: Pod }> {
  const parts = fake()
  parts.events.ready(address)
  return { ...parts, pod: await parts.started }
}

test('a pod that is ready has the address and the process id of its host', async () => {
  const { pod } = await running()
  expect(pod).toMatchObject({ name: 'exec/rep-1', pid: 3412, address })
})

test('a pod that does not end is urged after the grace period, then killed', async () => {
  const { pod, asked, clock } = await running()
  const exit = pod.stop({ graceMs: 300 })
  void pod.stop()
  await clock.pass(299)
  expect(asked).toEqual(['stop 300'])
  await clock.pass(1)
  expect(asked).toEqual(['stop 300', 'terminate'])
  await clock.pass(1000)
  expect(asked).toEqual(['stop 300', 'terminate', 'kill'])
  expect(await exit).toEqual({
    expected: true,
    reason: 'was killed by SIGKILL',
    code: null,
    output: [],
    isFromOutside: false,
  })
})

test('a pod that ends when it is asked to is left alone', async () => {
  const { pod, asked, clock, events } = await running()
  const exit = pod.stop({ graceMs: 300 })
  events.exited('exited with code 0')
  expect(await exit).toMatchObject({ expected: true, reason: 'exited with code 0' })
  await clock.pass(10_000)
  expect(asked).toEqual(['stop 300'])
})

test('a pod that ended by itself was not expected to, also when it is stopped later', async () => {
  const { pod, asked, events } = await running()
  events.line('goodbye')
  events.exited('exited with code 3', 3)
  const exit = {
    expected: false,
    reason: 'exited with code 3',
    code: 3,
    output: ['goodbye'],
    isFromOutside: false,
  }
  expect(await pod.exited).toEqual(exit)
  expect(await pod.stop()).toEqual(exit)
  expect(asked).toEqual([])
})

test('a pod that is late is killed before the start rejects', async () => {
  const { started, asked, clock, events } = fake()
  events.line('loading weights')
  await clock.pass(1000)
  expect(asked).toEqual(['kill'])
  await expect(started).rejects.toMatchObject({ code: 'START_TIMEOUT', output: ['loading weights'] })
  await expect(started).rejects.toThrow(/not ready within 1000 ms[^]*timeoutReadyMs[^]*loading weights/)
})

test.each([
  ['loading', /Its module is still loading; raise timeoutReadyMs/],
  ['constructing', /Its constructor has not returned; raise timeoutReadyMs/],
  ['warming-up', /Its warmUp\(\) has not ended; raise timeoutReadyMs/],
] as const)('a pod that is late while it is %s is said to be', async (step, message) => {
  const { started, clock, events } = fake()
  events.step('loading')
  events.step(step)
  await clock.pass(1000)
  await expect(started).rejects.toThrow(message)
})

test('a negative timeoutReadyMs waits forever', async () => {
  const { started, clock, events } = fake({ timeoutReadyMs: -1 })
  await clock.pass(1e9)
  events.ready(address)
  expect((await started).name).toBe('exec/rep-1')
})

test('a failed pod may end by itself; it is killed when it does not', async () => {
  const failure = { code: 'INVALID_EXECUTOR', message: 'no method foo', stack: 'at x' } as const
  const polite = fake()
  polite.events.failed(failure)
  polite.events.exited('exited with code 1')
  await expect(polite.started).rejects.toThrow('exec/rep-1 did not start: no method foo')
  expect(polite.asked).toEqual([])
  const stuck = fake()
  stuck.events.failed(failure)
  await stuck.clock.pass(0)
  await stuck.clock.pass(500)
  await expect(stuck.started).rejects.toMatchObject({ code: 'START_FAILED', cause: { stack: 'at x' } })
  expect(stuck.asked).toEqual(['kill'])
})

test('an aborted start is killed', async () => {
  const controller = new AbortController()
  const { started, asked } = fake({}, controller.signal)
  controller.abort()
  await expect(started).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(asked).toEqual(['kill'])
})

test('the last twenty lines are kept, and each is handed on with its name', async () => {
  const { pod, lines, events } = await running()
  for (let line = 0; line < 30; line++) events.line(String(line))
  events.line('exec/rep-1@3412[I]: from its own logger')
  events.exited('exited with code 0')
  expect((await pod.exited).output).toHaveLength(20)
  expect(lines[0]).toBe('exec/rep-1@3412: 0')
  expect(lines.at(-1)).toBe('exec/rep-1@3412[I]: from its own logger')
})
