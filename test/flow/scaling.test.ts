import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Document, Flow, type FlowOptions } from 'millrace'
import { afterAll, describe, expect, it } from 'vitest'

const module = new URL('../fixtures/flow-executors.mjs', import.meta.url)
const versioned = new URL('#Versioned', module)
const upper = new URL('#Upper', module)
const quiet: FlowOptions = { quiet: true, host: '127.0.0.1' }
const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, index) => new Document({ id: `d${index}`, text: 'x' }))

const folder = mkdtempSync(path.join(tmpdir(), 'scaling-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

const versions = async (flow: { post(on: string, docs: Document[], options: object): Promise<unknown> }) => {
  const results = (await flow.post('/', documents(40), { requestSize: 1 })) as { texts: string[] }
  return [...new Set(results.texts)]
}

describe.each(['process', 'thread', 'inline'] as const)('a rolling update of a %s stage', (runtime) => {
  const replicas = runtime === 'inline' ? 1 : 2

  it('replaces every replica during requests, and later replicas have the new options', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'model', uses: versioned, usesWith: { version: 'v1' }, runtime, replicas })
      .start()
    const posted = flow.post('/', documents(2000), { requestSize: 1, prefetch: 4 })
    const updated = await flow.rollingUpdate('model', { usesWith: { version: 'v2' } })
    expect(updated.replaced).toBe(replicas)
    expect(await posted).toHaveLength(2000)
    expect(await versions(flow)).toEqual(['v2'])
    if (runtime !== 'inline') await flow.scale('model', { replicas: 3 })
    expect(await versions(flow)).toEqual(['v2'])
    await flow.close()
    await flow.start()
    expect(await versions(flow)).toEqual(['v2'])
  })

  it('changes nothing when the new one does not start', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'model', uses: versioned, usesWith: { version: 'v1' }, runtime, replicas })
      .start()
    const startsFile = path.join(folder, `none-${runtime}`)
    const updated = flow.rollingUpdate('model', { usesWith: { version: 'v2', startsFile, maxStarts: 0 } })
    await expect(updated).rejects.toMatchObject({ code: 'START_FAILED', message: /too many of v2/ })
    expect(await versions(flow)).toEqual(['v1'])
    expect(flow.replicas('model')).toBe(replicas)
  })
})

it('a rolling update that fails half way is rolled back', async () => {
  await using flow = await new Flow(quiet)
    .add({ name: 'model', uses: versioned, usesWith: { version: 'v1' }, replicas: 2 })
    .start()
  const startsFile = path.join(folder, 'one')
  const updated = flow.rollingUpdate('model', { usesWith: { version: 'v2', startsFile, maxStarts: 1 } })
  await expect(updated).rejects.toThrow(/failed at replica 2 of 2; the 1 replaced before it were rolled back/)
  expect(await versions(flow)).toEqual(['v1'])
  expect(flow.replicas('model')).toBe(2)
})

it('a rolling update of a Flow that is not running changes the plan', async () => {
  const flow = new Flow(quiet).add({ name: 'model', uses: versioned, usesWith: { version: 'v1' } })
  expect(await flow.rollingUpdate('model', { usesWith: { version: 'v2' } })).toEqual({
    replaced: 0,
    seconds: 0,
  })
  await using running = await flow.start()
  expect(await versions(running)).toEqual(['v2'])
})

it('a stage without an Executor cannot be updated', async () => {
  const flow = new Flow(quiet).add({ name: 'entry' })
  await expect(flow.rollingUpdate('entry', { usesWith: {} })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

it('stages are scaled independently, and the last of several calls for one stage wins', async () => {
  await using flow = await new Flow(quiet)
    .add({ name: 'one', uses: upper })
    .add({ name: 'other', uses: upper, runtime: 'thread' })
    .start()
  const scaled = await Promise.all([
    flow.scale('one', { replicas: 4 }),
    flow.scale('other', { replicas: 2 }),
    flow.scale('one', { replicas: 2 }),
  ])
  expect(scaled[1]).toMatchObject({ from: 1, to: 2 })
  expect(scaled[2]).toMatchObject({ to: 2 })
  expect([flow.replicas('one'), flow.replicas('other')]).toEqual([2, 2])
})

it('an autoscaled stage scales up under load and down without it, between its bounds', async () => {
  const replicas = { min: 1, max: 3, target: 2, upDelayMs: 250, downDelayMs: 1000 }
  await using flow = await new Flow(quiet)
    .add({ name: 'upper', uses: upper, runtime: 'thread', replicas })
    .start()
  const posted = flow.post('/wait', documents(60), { requestSize: 1, prefetch: 12, parameters: { ms: 400 } })
  await expect.poll(() => flow.replicas('upper')).toBe(3)
  expect(await posted).toHaveLength(60)
  await expect.poll(() => flow.replicas('upper')).toBe(1)
  await expect(flow.scale('upper', { replicas: 4 })).rejects.toThrow(/from 1 to 3, not 4/)
  expect(await flow.scale('upper', { replicas: 2 })).toMatchObject({ from: 1, to: 2 })
})

it('a stage with min: 0 starts with one replica, and stops it without requests', async () => {
  const replicas = { min: 0, max: 3, downDelayMs: 250 }
  await using flow = await new Flow(quiet)
    .add({ name: 'upper', uses: upper, runtime: 'thread', replicas })
    .start()
  expect(flow.replicas('upper')).toBe(1)
  await expect.poll(async () => (await flow.status()).stages[0]!.pods).toEqual([])
  expect((await flow.status()).stages[0]).toMatchObject({ replicas: 0, ready: 0, degraded: null })
})
