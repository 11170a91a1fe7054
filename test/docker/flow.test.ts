import { Document, Flow, type FlowOptions, type StageOptions } from 'millrace'
import { expectNothingLeft, expectZeroLoss, leftovers } from 'millrace/testing'
import { expect, inject, test } from 'vitest'
import { containersOf, docker } from './support/docker.js'
import { executionsIn, temporaryFolder } from './support/folders.js'

const uses = `docker://${inject('projectImage')}`
const upper = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)
const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, index) => new Document({ id: `d${index}`, text: 'x' }))

let flows = 0
/** With a unique name, to find its containers. */
const settings = (): FlowOptions & { readonly name: string } => ({
  name: `flow${process.pid}x${++flows}`,
  quiet: true,
  host: '127.0.0.1',
})

/** A stage in processes, and one in containers that records its executions in a folder of this machine. */
function counting(stage: Omit<StageOptions<'echo'>, 'name' | 'uses'>): {
  readonly flow: Flow<'upper' | 'echo'>
  readonly name: string
  executions(): ReadonlyMap<string, number>
} {
  const folder = temporaryFolder()
  const options = settings()
  const flow = new Flow(options)
    .add({ name: 'upper', uses: upper, replicas: 2 })
    .add({ name: 'echo', uses, volumes: [`${folder}:/counted`], env: { COUNTED: '/counted' }, ...stage })
  return { flow, name: options.name, executions: () => executionsIn(folder) }
}

test('a stage in containers works beside processes and threads, and leaves nothing behind', async () => {
  const before = leftovers()
  const options = settings()
  const flow = new Flow(options)
    .add({ name: 'upper', uses: upper })
    .add({ name: 'echo', uses, replicas: 2 })
    .add({ name: 'again', uses: upper, runtime: 'thread' })
  await flow.start()
  const docs = await flow.post('/who', documents(40), { requestSize: 1 })
  expect(new Set([...docs].map(({ tags }) => tags.host)).size).toBe(2)
  const { stages } = await flow.status()
  expect(stages.map(({ runtime }) => runtime)).toEqual(['process', 'docker', 'thread'])
  expect(stages[1]).toMatchObject({ replicas: 2, ready: 2 })
  expect(await containersOf(options.name)).toHaveLength(2)
  await flow.close()
  expect(await containersOf(options.name)).toEqual([])
  await expectNothingLeft(before)
})

test('every write runs once while containers are scaled from 2 to 3 and to 1', async () => {
  const { flow, executions } = counting({ replicas: 2 })
  await using running = await flow.start()
  const report = await expectZeroLoss(
    running,
    async () => {
      expect(await running.scale('echo', { replicas: 3 })).toMatchObject({ from: 2, to: 3 })
      expect(await running.scale('echo', { replicas: 1 })).toMatchObject({ from: 3, to: 1 })
    },
    { endpoint: '/count', parameters: { ms: 5 }, executions, senders: 12 },
  )
  expect(report).toMatchObject({ lost: 0, twice: 0, errors: {}, executedTwice: 0 })
  expect(report.sent).toBeGreaterThan(50)
  process.stderr.write(`docker: scale 2, 3, 1: ${JSON.stringify({ ...report, events: undefined })}\n`)
})

test('every request is answered once while containers are killed, and they are replaced', async () => {
  const { flow, name, executions } = counting({ replicas: 2, restarts: { max: 100 } })
  await using running = await flow.start()
  const report = await expectZeroLoss(
    running,
    async ({ faults }) => {
      for (let kill = 0; kill < 3; kill++) {
        const [victim] = await containersOf(name, '--filter', 'status=running')
        await docker('kill', victim!)
        await expect.poll(async () => (await running.status()).stages[1]!.ready).toBe(2)
      }
      await faults.healed(faults.kill('echo'), { timeoutMs: 60_000 })
    },
    { endpoint: '/count', parameters: { ms: 5 }, executions, maxExecutions: 6, senders: 12 },
  )
  expect(report).toMatchObject({ lost: 0, twice: 0, errors: {} })
  const { pods } = (await running.status()).stages[1]!
  expect(pods.reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThanOrEqual(3)
  process.stderr.write(`docker: kill: ${JSON.stringify({ ...report, events: undefined })}\n`)
})

test('shards in containers know their number, and can be scaled one by one', async () => {
  const options = settings()
  await using flow = await new Flow(options).add({ name: 'echo', uses, shards: 2, polling: 'KEY' }).start()
  const docs = await flow.post('/who', documents(40), { requestSize: 1 })
  expect(new Set([...docs].map(({ tags }) => tags.shard))).toEqual(new Set([0, 1]))
  await flow.scale('echo', { replicas: 2, shard: 1 })
  expect(await containersOf(options.name)).toHaveLength(3)
  const names = (await flow.status()).stages[0]!.pods.map((pod) => pod.name)
  expect(names.sort()).toEqual(['echo/shard-0/rep-0', 'echo/shard-1/rep-0', 'echo/shard-1/rep-1'])
})

test('a hung container is replaced', async () => {
  const options = settings()
  await using flow = await new Flow(options)
    .add({ name: 'echo', uses, liveness: { timeoutMs: 500, busyMs: 2000 } })
    .start()
  const [first] = await containersOf(options.name)
  await docker('pause', first!)
  await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
  await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(1)
  const [second, ...others] = await containersOf(options.name)
  expect(others).toEqual([])
  expect(second).not.toBe(first)
})

test('an executor that crashes in its container is replaced, and its output is logged', async () => {
  const options = settings()
  await using flow = await new Flow(options).add({ name: 'echo', uses, retries: 0 }).start()
  await expect(flow.post('/die', documents(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await expect.poll(async () => (await flow.status()).stages[0]!.pods[0]!.restarts).toBe(1)
  expect(await flow.post('/who', documents(1))).toHaveLength(1)
})
