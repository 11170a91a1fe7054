import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LoadReport, type Seen, under } from './load.js'
import { byId, type Kept, keptBy, ShardLoad } from './shard-load.js'

/** Folder whose content is in the image of the tests, as far as its folders `concepts` and `pods` go. */
export const conceptsProject = path.resolve(import.meta.dirname, '../fixtures')
const executors = path.join(conceptsProject, 'concepts/executors.mjs')

/** A place where a Flow can run, as the suite uses it. */
export interface ConceptPlace {
  /** A column of the table in docs/concepts.md. */
  readonly name: 'process' | 'thread' | 'Docker' | 'Compose' | 'Kubernetes'
  /** Over the options of each stage. */
  readonly stage?: { readonly runtime: 'process' | 'thread' }
  start(flow: Flow<string>): Promise<ConceptFlow>
}

export interface ConceptFlow {
  /** Where its gateway is reached from here, at the moment. */
  readonly host: string
  /** Resolves when there are so many that take requests. */
  scale(stage: string, replicas: number): Promise<unknown>
  /** Ends one replica of a stage the hard way. Resolves when another one is in its place. */
  kill(stage: string): Promise<unknown>
  /** Ends every pod of every stage, and resolves when others run. */
  restart(): Promise<unknown>
  /** Takes away all of it, data too. */
  remove(): Promise<unknown>
}

/** What the words mean, the same everywhere: each case is a row of the table in docs/concepts.md. */
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

    it('replica: requests are shared by all of them', async () => {
      expect((await pods(flow)).size).toBe(2)
    })

    it('gateway: one address, whatever stands behind it', async () => {
      await using client = new Client({ host: flow.host })
      expect(await client.isReady()).toBe(true)
      expect((await client.post('/who', ['a'])).texts).toEqual(['a'])
    })

    it('scale: from 2 to 3 to 1 under load, nothing is lost and nothing comes twice', async () => {
      const report = await loaded(flow, async ({ byHost }) => {
        await flow.scale('who', 3)
        await expect.poll(() => byHost.size).toBe(3)
        await flow.scale('who', 1)
        await flow.scale('who', 2)
      })
      expectAllAnswered(report)
    })

    it('heal: a replica that is killed under load is replaced, and nothing is lost', async () => {
      const report = await loaded(flow, async ({ byHost }) => {
        await expect.poll(() => byHost.size).toBe(2)
        await flow.kill('who')
        await expect.poll(() => byHost.size).toBe(3)
      })
      expectAllAnswered(report)
    })

    it('failure of a handler: the caller is told what was thrown, and where', async () => {
      await using client = new Client({ host: flow.host })
      await expect(client.post('/fail', ['a'])).rejects.toMatchObject({
        code: 'EXECUTOR_FAILED',
        message: expect.stringContaining('RangeError: not today') as unknown,
        where: { deployment: 'who' },
      })
    })

    it('failure of a pod: the request that ends it fails, the others do not', async () => {
      await using client = new Client({ host: flow.host })
      const report = await loaded(flow, async () => {
        await expect(client.post('/die', ['a'])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
      })
      expectAllAnswered(report)
    })

    it('failure of a start: it is said, with what the pod said', async () => {
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

    it('shard: a document is kept by one, and all are asked for an answer', async () => {
      keeper = await start(keeping(stage, folder))
      await using client = new Client({ host: keeper.host })
      await client.post('/index', documents(), { requestSize: 5 })
      const found = await find(keeper)
      expect(found.map(({ id }) => id)).toEqual(documents().map(({ id }) => id))
      expect(new Set(found.map(({ shard }) => shard))).toEqual(new Set([0, 1]))
      // what stands behind the shards has the answer of each, where it serves what was asked for
      const [sizes] = await client.post('/sizes', ['all'])
      const counts = [0, 1].map((shardId) => found.filter(({ shard }) => shard === shardId).length)
      expect(sizes!.tags).toEqual({ sizes: counts })
    })

    it('workspace: what was kept is there after every pod has been replaced', async () => {
      const before = await find(keeper)
      // a pod that has come back may have the address of another one
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

/** Who answers a hundred requests. */
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
