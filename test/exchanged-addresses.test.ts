import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client, Flow } from 'millrace'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Exchange } from './support/exchange.js'
import { type Server, Servers } from './support/servers.js'
import { keptBy, ShardLoad } from './support/shard-load.js'

const uses = `${path.resolve(import.meta.dirname, 'fixtures/concepts/executors.mjs')}#Keeper`
const servers = new Servers()
let exchange: Exchange | undefined
let workspace: string

beforeEach(async () => {
  workspace = await mkdtemp(path.join(tmpdir(), 'exchanged-'))
})

afterEach(async () => {
  await exchange?.close()
  exchange = undefined
  await servers.close()
  await rm(workspace, { recursive: true })
})

/** One of two shards, as a process of its own. */
const shard = (shardId: number, ...more: readonly string[]): Promise<Server> =>
  servers.start(
    'executor',
    ...['--uses', uses, '--name', 'keeper', '--workspace', workspace],
    ...['--shards', '2', '--shard-id', String(shardId), ...more],
  )

const flowOf = (ports: readonly number[]): Flow<'keeper'> =>
  new Flow({ name: 'shop', quiet: true, host: '127.0.0.1' }).add({
    name: 'keeper',
    external: true,
    host: '127.0.0.1',
    port: ports,
    shards: 2,
    polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ANY' },
  })

const documents = Array.from({ length: 20 }, (_, index) => ({ id: `doc-${index}`, text: `text ${index}` }))

/** The documents that each shard has written to disk. */
async function onDisk(): Promise<readonly (readonly string[])[]> {
  const folders = [0, 1].map((shardId) => readdir(path.join(workspace, 'Keeper', String(shardId))))
  return (await Promise.all(folders)).map((names) =>
    names.filter((name) => name.startsWith('doc-')).toSorted(),
  )
}

const misdirected = {
  code: 'UNAVAILABLE',
  message: expect.stringMatching(
    /This is shard \d of 2 of stage 'keeper', and the request is for shard \d of 2/,
  ) as string,
}

it('two shards that swap addresses a hundred times under load never execute requests of each other', async () => {
  const [first, second] = await Promise.all([shard(0), shard(1)])
  exchange = await Exchange.open([first.port, second.port])
  await using flow = await flowOf(exchange.ports).start()
  await flow.post('/index', documents)
  const before = await onDisk()
  const host = `grpc://127.0.0.1:${flow.port}`
  await using client = new Client({ host })
  const load = new ShardLoad(() => host, await keptBy(client))
  for (let turn = 0; turn < 50; turn++) {
    exchange.exchange()
    await expect(client.post('/search', ['all'])).rejects.toMatchObject(misdirected)
    await expect(client.post('/index', documents)).rejects.toMatchObject(misdirected)
    exchange.exchange()
    const { reads, writes } = load
    await expect
      .poll(() => Math.min(load.reads - reads, load.writes - writes), { timeout: 30_000 })
      .toBeGreaterThan(1)
  }
  await load.end()
  expect(load.wrong).toEqual([])
  expect([...load.failures].filter((code) => !['UNAVAILABLE', 'OUTCOME_UNKNOWN'].includes(code))).toEqual([])
  expect(before.flat()).toHaveLength(documents.length)
  expect(await onDisk()).toEqual(before)
}, 300_000)

it('two shards that restart with swapped addresses never execute requests of each other', async () => {
  const running = await Promise.all([shard(0), shard(1)])
  const ports = running.map(({ port }) => String(port))
  await using flow = await flowOf(running.map(({ port }) => port)).start()
  await flow.post('/index', documents)
  const before = await onDisk()
  const end = ({ child }: Server): Promise<unknown> => {
    child.kill('SIGTERM')
    return once(child, 'exit')
  }
  await Promise.all(running.map(end))
  const [first, second] = ports
  const astray = await Promise.all([shard(0, '--port', second!), shard(1, '--port', first!)])
  await expect(flow.post('/index', documents)).rejects.toMatchObject(misdirected)
  await expect(flow.post('/search', ['all'])).rejects.toMatchObject(misdirected)
  await Promise.all(astray.map(end))
  await Promise.all([shard(0, '--port', first!), shard(1, '--port', second!)])
  await flow.post('/index', documents)
  expect(await onDisk()).toEqual(before)
})
