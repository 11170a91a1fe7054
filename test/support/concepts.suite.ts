import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LoadReport, type Seen, under } from './load.js'
import { byId, type Kept, keptBy, ShardLoad } from './shard-load.js'

/** Folder whose subfolders `concepts` and `pods` are in the image of the tests. */
export const conceptsProject = path.resolve(import.meta.dirname, '../fixtures')
const executors = path.join(conceptsProject, 'concepts/executors.mjs')

/** A platform on which the suite runs a Flow. */
export interface ConceptPlace {
  /** A column of the table in docs/concepts.md. */
  readonly name: 'process' | 'thread' | 'Docker' | 'Compose' | 'Kubernetes'
  /** Overrides the options of each stage. */
  readonly stage?: { readonly runtime: 'process' | 'thread' }
  start(flow: Flow<string>): Promise<ConceptFlow>
}

export interface ConceptFlow {
  /** The current address of its gateway. */
  readonly host: string
  /** Resolves when this many replicas are ready. */
  scale(stage: string, replicas: number): Promise<unknown>
  /** Kills one replica of a stage. Resolves when it has been replaced. */
  kill(stage: string): Promise<unknown>
  /** Kills every pod of every stage, and resolves when all have been replaced. */
  restart(): Promise<unknown>
  /** Removes everything, data included. */
  remove(): Promise<unknown>
}

/** The concepts have the same meaning on every platform: each case is a row of the table in docs/concepts.md. */
export function conceptsSuite({ name, stage, start }: ConceptPlace): void {
  describe(`on ${name}`, () => {
    let flow: ConceptFlow
    let keeper: ConceptFlow
    let folder: string

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'concepts-'))
      flow = await start(
        new Flow({ name: 'concepts', host: '127.0.0.1', quiet: true }).add({
          ...stage,
          name: 'who',
          uses: `${executors}#Who`,
          replicas: 2,
        }),
      )
    })
    afterAll(async () => {
      await Promise.all([flow?.remove(), keeper?.remove()])
      await rm(folder, { recursive: true })
    })

    it('replica: all replicas share the requests', async () => {
      // the gateway of a cluster hears from the API of a pod that has become ready: a moment later than the program that started it
      await expect.poll(async () => (await pods(flow)).size).toBe(2)
    })

    it('gateway: one address for all stages and replicas', async () => {
      await using client = new Client({ host: flow.host })
      expect(await client.isReady()).toBe(true)
      expect((await client.post('/who', ['a'])).texts).toEqual(['a'])
    })

    it('scale: from 2 to 3 to 1 under load, no request is lost or answered twice', async () => {
      const report = await loaded(flow, async ({ byHost }) => {
        await flow.scale('who', 3)
        await expect.poll(() => byHost.size).toBe(3)
        await flow.scale('who', 1)
        await flow.scale('who', 2)
      })
      expectAllAnswered(report)
    })

    it('heal: a replica that is killed under load is replaced, and no request is lost', async () => {
      const report = await loaded(flow, async ({ byHost }) => {
        await expect.poll(() => byHost.size).toBe(2)
        await flow.kill('who')
        await expect.poll(() => byHost.size).toBe(3)
      })
      expectAllAnswered(report)
    })

    it('failure of a handler: the caller gets the error, and where it was thrown', async () => {
      await using client = new Client({ host: flow.host })
      await expect(client.post('/fail', ['a'])).rejects.toMatchObject({
        code: 'EXECUTOR_FAILED',
        message: expect.stringContaining('RangeError: not today') as unknown,
        where: { deployment: 'who' },
      })
    })

    it('failure of a pod: only the request that crashes it fails', async () => {
      await using client = new Client({ host: flow.host })
      const report = await loaded(flow, async () => {
        await expect(client.post('/die', ['a'])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
      })
      expectAllAnswered(report)
    })

    it('failure of a start: the error has the output of the pod', async () => {
      const broken = new Flow({
        name: 'broken',
        host: '127.0.0.1',
        quiet: true,
        timeoutReadyMs: 120_000,
      }).add({
        ...stage,
        name: 'broken',
        uses: `${executors}#Broken`,
      })
      await expect(start(broken)).rejects.toThrow(/no model at .\/model.bin/)
    })

    it('shard: one shard keeps a document, and a search asks all shards', async () => {
      keeper = await start(keeping(stage, folder))
      await using client = new Client({ host: keeper.host })
      await client.post('/index', documents(), { requestSize: 5 })
      const found = await find(keeper)
      expect(found.map(({ id }) => id)).toEqual(documents().map(({ id }) => id))
      expect(new Set(found.map(({ shard }) => shard))).toEqual(new Set([0, 1]))
      // usesAfter gets the answer of each shard for the endpoints that it serves
      const [sizes] = await client.post('/sizes', ['all'])
      const counts = [0, 1].map((shardId) => found.filter(({ shard }) => shard === shardId).length)
      expect(sizes!.tags).toEqual({ sizes: counts })
    })

    it('workspace: data is kept when every pod is replaced', async () => {
      const before = await find(keeper)
      // a restarted pod may have the former address of another pod
      const load = new ShardLoad(() => keeper.host, before)
      await keeper.restart()
      await expect.poll(() => load.reads).toBeGreaterThan(0)
      await load.end()
      expect(load.wrong).toEqual([])
      expect(await find(keeper)).toEqual(before)
    })
  })
}

function keeping(stage: ConceptPlace['stage'], workspace: string): Flow<string> {
  return new Flow({ name: 'keeping', host: '127.0.0.1', quiet: true, workspace }).add({
    ...stage,
    name: 'keeper',
    uses: `${executors}#Keeper`,
    shards: 2,
    polling: { '/index': 'KEY', '/search': 'ALL', '/sizes': 'ALL', '*': 'ANY' },
    usesAfter: `${executors}#Sizes`,
  })
}

function documents(): { readonly id: string; readonly text: string }[] {
  return Array.from({ length: 20 }, (_, index) => ({ id: `doc-${index}`, text: `text ${index}` })).toSorted(
    byId,
  )
}

async function find({ host }: ConceptFlow): Promise<readonly Kept[]> {
  await using client = new Client({ host })
  return (await keptBy(client)).toSorted(byId)
}

/** The replicas that answer a hundred requests. */
async function pods({ host }: ConceptFlow): Promise<ReadonlySet<unknown>> {
  await using client = new Client({ host })
  const docs = await client.post(
    '/slow',
    Array.from({ length: 100 }, (_, index) => String(index)),
    {
      requestSize: 1,
      prefetch: 8,
    },
  )
  return new Set([...docs].map(({ tags }) => tags.host))
}

async function loaded({ host }: ConceptFlow, work: (seen: Seen) => Promise<unknown>): Promise<LoadReport> {
  return under({ host, endpoints: ['/slow'], senders: 4 }, work)
}

function expectAllAnswered({ sent, outcomes, wrong }: LoadReport): void {
  expect(outcomes).toEqual({ ok: sent })
  expect(wrong).toEqual([])
}
