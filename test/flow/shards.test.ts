import { Document, DocumentArray, Flow, type FlowOptions } from 'millrace'
import { describe, expect, it } from 'vitest'
import { podsOf } from '../../dist/internals.js'

const module = new URL('../fixtures/shard-executors.mjs', import.meta.url)
const index = new URL('#MemoryIndex', module)
const quiet: FlowOptions = { quiet: true, host: '127.0.0.1' }
const polling = { '/index': 'KEY', '/search': 'ALL', '*': 'ALL' } as const
const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, n) => new Document({ id: `d${n}`, embedding: Float32Array.of(n, 1) }))
const query = (): Document => new Document({ id: 'q', embedding: Float32Array.of(3, 1) })

async function respond(flow: Flow<string>, on: string, docs: Document[], parameters = {}) {
  const [response] = await flow.post(on, docs, { returnResponses: true, parameters })
  return response!
}

describe.each(['process', 'thread', 'inline'] as const)('a %s stage with shards', (runtime) => {
  it('has the configured replicas of each shard, which know their shard', async () => {
    const replicas = runtime === 'inline' ? 1 : 2
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 3, replicas, runtime, polling: 'KEY' })
      .start()
    const names = podsOf(flow).map(({ name }) => name)
    expect(names).toHaveLength(3 * replicas)
    expect(names).toContain('indexer/shard-2/rep-0')
    const answer = await respond(flow, '/where', documents(30))
    const seen = [...answer.docs].map(({ tags }) => tags.shardId as number)
    expect([...new Set(seen)].sort()).toEqual([0, 1, 2])
    expect([...answer.docs].map(({ id }) => id)).toEqual(documents(30).map(({ id }) => id))
    expect(answer.docs.at(0)!.tags.shards).toBe(3)
    expect(answer.shards).toEqual({ total: 3, ok: 3, failed: 0, skipped: 0 })
    expect((await flow.status()).stages[0]!.shards.map(({ ready }) => ready)).toEqual(
      [0, 1, 2].map(() => replicas),
    )
  })
})

describe('a sharded stage', () => {
  it('finds over all shards what a single shard would find', async () => {
    const found = []
    for (const shards of [1, 3]) {
      await using flow = await new Flow(quiet)
        .add({ name: 'indexer', uses: index, shards, runtime: 'thread', polling })
        .start()
      await flow.post('/index', documents(50), { requestSize: 8 })
      // without a limit, the Executor's own limit applies to all shards together
      for (const parameters of [{}, { limit: 7 }]) {
        const { docs } = await respond(flow, '/search', [query()], parameters)
        found.push([...docs.at(0)!.matches].map(({ id, scores }) => [id, scores.sqeuclidean!.value]))
      }
    }
    expect(found[0]).toHaveLength(5)
    expect(found[1]).toHaveLength(7)
    expect(found.slice(2)).toEqual(found.slice(0, 2))
  })

  it("fails with its executor's error and the name of the shard", async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 2, runtime: 'thread', polling })
      .start()
    await expect(flow.post('/fail', documents(1))).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('not on this shard') as string,
    })
  })

  it('gives and reports a partial answer when that is allowed', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 2, runtime: 'thread', polling, onShardFailure: 'partial' })
      .start()
    const answer = await respond(flow, '/fail', documents(1))
    expect(answer.shards).toMatchObject({
      total: 2,
      ok: 1,
      failed: 1,
      failures: [{ shard: 'indexer/shard-1' }],
    })
    expect(answer.parameters.__coverage__).toMatchObject({ indexer: { ok: 1, failed: 1 } })
  })

  it('keeps the results of all its shards', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 2, runtime: 'thread', polling })
      .start()
    await flow.post('/index', documents(10))
    const { parameters } = await respond(flow, '/count', documents(1))
    const results = parameters.__results__ as Record<string, { count: number }>
    expect(Object.keys(results).sort()).toEqual(['indexer/shard-0/rep-0', 'indexer/shard-1/rep-0'])
    expect(Object.values(results).reduce((sum, { count }) => sum + count, 0)).toBe(10)
  })

  it('streams from all its shards', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 3, runtime: 'thread', polling })
      .start()
    const texts: string[] = []
    for await (const doc of flow.streamDoc('/stream', new Document())) texts.push(doc.text)
    expect(texts.sort()).toEqual(['from 0', 'from 1', 'from 2'])
  })

  it('can run one shard while the others run elsewhere', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 3, shardId: 2, replicas: 2, runtime: 'thread', polling })
      .start()
    expect(podsOf(flow).map(({ name }) => name)).toEqual(['indexer/shard-2/rep-0', 'indexer/shard-2/rep-1'])
    const { docs, shards } = await respond(flow, '/where', documents(1))
    expect(docs.at(0)!.tags).toMatchObject({ shardId: 2, shards: 3 })
    expect(shards).toBeUndefined()
  })

  it('scales every shard, or one', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 2, runtime: 'thread', polling })
      .start()
    const ready = async () => (await flow.status()).stages[0]!.shards.map((shard) => shard.ready)
    expect(await flow.scale('indexer', { replicas: 2 })).toMatchObject({ from: 1, to: 2 })
    expect(await ready()).toEqual([2, 2])
    expect(await flow.scale('indexer', { replicas: 3, shard: 1 })).toMatchObject({ from: 2, to: 3 })
    expect(await ready()).toEqual([2, 3])
    expect(flow.replicas('indexer')).toBe(2)
    await expect(flow.scale('indexer', { replicas: 1, shard: 2 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })

  it('is ready only when every shard is', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'indexer', uses: index, shards: 2, runtime: 'process', restarts: { max: 0 } })
      .start()
    expect(await flow.isReady()).toBe(true)
    const pod = podsOf(flow).find(({ name }) => name === 'indexer/shard-1/rep-0')!
    pod.signal('SIGKILL')
    await pod.exited
    await expect.poll(() => flow.isReady()).toBe(false)
    await expect(flow.post('/search', [query()])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('indexer/shard-1') as string,
    })
  })
})

describe('the merged answer of shards', () => {
  const stage = { name: 'indexer', uses: index, shards: 2, runtime: 'thread', polling: 'ALL' } as const
  const matrix = new URL('#Matrix', module)

  it('without a reduce has the documents of all shards, which the next stage gets per shard', async () => {
    await using flow = await new Flow(quiet)
      .add({ ...stage, reduce: false })
      .add({ name: 'matrix', uses: matrix, runtime: 'thread' })
      .start()
    const { docs } = await respond(flow, '/where', documents(3))
    const from = ['indexer/shard-0', 'indexer/shard-1']
    expect(docs.at(0)!.tags).toEqual({ sizes: [3, 3], from, total: 6 })
    expect((await respond(flow, '/count', documents(1))).docs).toHaveLength(2)
  })

  it('is the result of a function of the program', async () => {
    const seen: unknown[] = []
    const reduce = (answers: readonly DocumentArray[], context: object): DocumentArray => {
      seen.push(context)
      return new DocumentArray(answers.flatMap((docs) => [...docs].slice(0, 1)))
    }
    await using flow = await new Flow(quiet).add({ ...stage, reduce }).start()
    const { docs } = await respond(flow, '/where', documents(3), { a: 1 })
    expect([...docs].map(({ tags }) => tags.shardId)).toEqual([0, 1])
    expect(seen).toMatchObject([
      { endpoint: '/where', parameters: { a: 1 }, shards: ['indexer/shard-0', 'indexer/shard-1'] },
    ])
  })

  it('fails when that function does', async () => {
    const reduce = (): DocumentArray => {
      throw new TypeError('cannot be reduced')
    }
    await using flow = await new Flow(quiet).add({ ...stage, reduce }).start()
    await expect(flow.post('/where', documents(1))).rejects.toThrow('cannot be reduced')
  })

  it('is the result of a function of a module', async () => {
    const reduce = new URL('#last', module)
    await using flow = await new Flow(quiet).add({ ...stage, reduce }).start()
    const { docs } = await respond(flow, '/where', documents(2))
    expect([...docs].map(({ tags }) => tags.shardId)).toEqual([1, 1])
  })

  it('fails the start when a module does not have the function', async () => {
    const flow = new Flow(quiet).add({ ...stage, reduce: new URL('#nothing', module) })
    await expect(flow.start()).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' })
  })

  it('is the result of usesAfter, and usesBefore gets the request first', async () => {
    const usesBefore = new URL('#Marker', module)
    await using flow = await new Flow(quiet).add({ ...stage, usesBefore, usesAfter: matrix }).start()
    expect(flow.stages).toEqual(['indexer_before', 'indexer', 'indexer_after'])
    const { docs, routes } = await respond(flow, '/where', documents(3))
    expect(docs.at(0)!.tags).toMatchObject({ sizes: [3, 3], total: 6 })
    expect(routes.map(({ executor }) => executor)).toEqual(['gateway', ...flow.stages])
    // neither serves this endpoint, so the answers are merged
    expect((await respond(flow, '/count', documents(2))).docs).toHaveLength(2)
  })

  it('is the result of the gatheredBy stage for shards that run elsewhere', async () => {
    await using first = await new Flow(quiet).add({ ...stage, shardId: 0 }).start()
    await using second = await new Flow(quiet).add({ ...stage, shardId: 1 }).start()
    const { polling } = stage
    const servers = { host: ['127.0.0.1', '127.0.0.1'], port: [first.port, second.port] }
    const outside = { name: 'indexer', external: true, shards: 2, polling, ...servers } as const
    const gathered = new Flow(quiet).add({ ...outside, gatheredBy: 'gatherer' })
    await using flow = await gathered.add({ name: 'gatherer', uses: matrix, runtime: 'thread' }).start()
    const { docs } = await respond(flow, '/where', documents(3))
    expect(docs.at(0)!.tags).toMatchObject({ sizes: [3, 3], total: 6 })
    expect((await respond(flow, '/count', documents(2))).docs).toHaveLength(2)
    for (const other of [gathered, gathered.add({ name: 'other', uses: matrix }).add({ name: 'gatherer' })]) {
      await expect(other.start()).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining("gatheredBy is 'gatherer', and"),
      })
    }
  })
})
