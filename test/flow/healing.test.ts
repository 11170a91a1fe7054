import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Document, Flow, type FlowOptions, type FlowStatus } from 'millrace'
import { describe, expect, it } from 'vitest'
import { podsOf } from '../../dist/internals.js'
import { childProcesses, isRunning } from '../support/processes.js'

const module = new URL('../fixtures/flow-executors.mjs', import.meta.url)
const upper = new URL('#Upper', module)
const quiet: FlowOptions = { quiet: true, host: '127.0.0.1' }
const document = (): Document => new Document({ text: 'a' })

async function pidsOf(flow: { status(): Promise<FlowStatus> }): Promise<(number | null)[]> {
  const { stages } = await flow.status()
  return stages[0]!.pods.map(({ pid }) => pid)
}

async function readyOf(flow: { status(): Promise<FlowStatus> }): Promise<number> {
  return (await flow.status()).stages[0]!.ready
}

describe.each(['process', 'thread'] as const)('a %s stage', (runtime) => {
  it('replaces a replica that was killed', async () => {
    await using flow = await new Flow(quiet).add({ name: 'upper', uses: upper, runtime, replicas: 2 }).start()
    const before = await pidsOf(flow)
    podsOf(flow)[0]!.signal('SIGKILL')
    await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
    await expect.poll(() => readyOf(flow)).toBe(2)
    const after = await pidsOf(flow)
    expect(after[1]).toBe(before[1])
    if (runtime === 'process') expect(after[0]).not.toBe(before[0])
    expect(flow.replicas('upper')).toBe(2)
    expect((await flow.post('/upper', [document()])).texts).toEqual(['A'])
  })

  it('is degraded when too many replicas have died, and keeps serving with the others', async () => {
    const restarts = { max: 1, windowMs: 600_000 }
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: upper, runtime, replicas: 2, restarts })
      .start()
    const kill = (): void =>
      podsOf(flow)
        .find(({ name }) => name === 'upper/rep-0')!
        .signal('SIGKILL')
    kill()
    await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
    await expect.poll(() => readyOf(flow)).toBe(2)
    kill()
    await expect
      .poll(async () => (await flow.status()).stages[0]!.degraded)
      .toMatch(/stage 'upper' has used its one restart within 600 s: 1 of 2 replicas is not replaced/)
    expect((await flow.status()).stages[0]).toMatchObject({
      replicas: 2,
      ready: 1,
      pods: [{ state: 'backoff', pid: null }, { state: 'ready' }],
    })
    expect((await flow.post('/upper', [document()])).texts).toEqual(['A'])
  })

  it('replaces a replica after an error of exitOnExceptions, and still sends the answer', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: upper, runtime, exitOnExceptions: ['RangeError'] })
      .start()
    await expect(flow.post('/fail', [document()])).rejects.toMatchObject({ code: 'EXECUTOR_FAILED' })
    await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
    await expect.poll(() => readyOf(flow)).toBe(1)
    expect((await flow.post('/upper', [document()])).texts).toEqual(['A'])
  })

  it('replaces a replica that exits by itself', async () => {
    await using flow = await new Flow(quiet).add({ name: 'upper', uses: upper, runtime }).start()
    podsOf(flow)[0]!.fault({ type: 'exit', code: 3 })
    await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
    await expect.poll(() => readyOf(flow)).toBe(1)
  })
})

it('the status of a Flow lists every stage', async () => {
  await using flow = await new Flow({ ...quiet, name: 'shouting' })
    .add({ name: 'entry' })
    .add({ name: 'upper', uses: upper, replicas: 2 })
    .start()
  await flow.post('/upper', [document()])
  const status = await flow.status()
  expect(status).toMatchObject({ name: 'shouting', pid: process.pid, port: flow.port })
  expect(status.stages).toMatchObject([
    { name: 'entry', runtime: 'pass-through', replicas: 0, ready: 0, degraded: null, waiting: 0, pods: [] },
    { name: 'upper', runtime: 'process', replicas: 2, ready: 2, degraded: null, waiting: 0 },
  ])
  const [pod] = status.stages[1]!.pods
  expect(pod).toMatchObject({ name: 'upper/rep-0', state: 'ready', inFlight: 0, restarts: 0 })
  expect(pod!.pid).not.toBe(process.pid)
  expect(pod!.sinceMs).toBeGreaterThan(0)
})

it('a Flow that is not running has no status', async () => {
  const flow = new Flow(quiet).add({ name: 'entry' })
  await expect(flow.status()).rejects.toMatchObject({ code: 'NOT_STARTED' })
  expect(() => podsOf(flow)).toThrow(/is not running/)
})

it.runIf(process.platform === 'linux')(
  'close() during healing and scaling leaves nothing behind',
  async () => {
    const flow = new Flow(quiet).add({ name: 'upper', uses: upper, replicas: 2 })
    await flow.start()
    const pods = podsOf(flow).map(({ pid }) => pid)
    podsOf(flow)[0]!.signal('SIGKILL')
    await expect.poll(() => isRunning(pods[0]!)).toBe(false)
    const scaled = flow.scale('upper', { replicas: 5 })
    const refused = expect(scaled).rejects.toMatchObject({ code: 'CANCELLED' })
    await flow.close()
    await refused
    expect(childProcesses()).toEqual([])
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`millrace-${process.pid}-`))).toEqual([])
    await flow.start()
    expect(flow.replicas('upper')).toBe(2)
    await flow.close()
  },
)
