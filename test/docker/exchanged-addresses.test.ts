import { Client, Flow } from 'millrace'
import { expect, inject, it, onTestFinished } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { keptBy, ShardLoad } from '../support/shard-load.js'
import { docker, runningIn } from './support/docker.js'

const uses = `${conceptsProject}/concepts/executors.mjs#Keeper`
const documents = Array.from({ length: 20 }, (_, index) => ({ id: `doc-${index}`, text: `text ${index}` }))
const network = 'exchanged-stages'

/** The container of a shard, and the data on its volume. */
interface Shard {
  readonly id: string
  readonly alias: string
}

async function shardsOf(flow: Flow<string>): Promise<readonly Shard[]> {
  const { name } = await flow.status()
  const ids = await runningIn(name, 'keeper')
  const shards = ids.map(async (id) => ({
    id,
    alias: await docker('inspect', '--format', '{{index .Config.Labels "millrace.workload"}}', id),
  }))
  return (await Promise.all(shards)).toSorted((one, other) => (one.alias < other.alias ? -1 : 1))
}

function addressOf({ id }: Shard): Promise<string> {
  return docker('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, id)
}

async function onVolume({ id }: Shard): Promise<readonly string[]> {
  const list = "console.log(fs.readdirSync('/workspace', { recursive: true }).join('\\n'))"
  const found = await docker('exec', id, 'node', '--eval', list)
  return found
    .split('\n')
    .filter((name) => name.includes('/doc-'))
    .toSorted()
}

/** The engine assigns the lowest free address: the container that restarts first gets the other one's address. */
async function exchange(shards: readonly Shard[], addresses: readonly string[]): Promise<void> {
  const lowestFirst = shards.toSorted((one, other) => {
    const [a, b] = [one, other].map((shard) => addresses[shards.indexOf(shard)]!)
    return Number(b!.split('.').at(-1)) - Number(a!.split('.').at(-1))
  })
  for (const { id } of shards) await docker('network', 'disconnect', network, id)
  for (const { id, alias } of lowestFirst) await docker('network', 'connect', '--alias', alias, network, id)
}

it('two shards whose containers swap addresses under load never execute requests of each other', async () => {
  const flow = new Flow({ name: 'exchanged', host: '127.0.0.1', quiet: true, workspace: 'kept' }).add({
    name: 'keeper',
    uses,
    shards: 2,
    polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ANY' },
  })
  await flow.start({ on: 'docker', image: inject('projectImage'), project: conceptsProject })
  onTestFinished(async () => {
    await flow.close({ remove: true })
    await docker('volume', 'rm', 'exchanged-keeper-0-workspace', 'exchanged-keeper-1-workspace')
  })
  const host = `grpc://127.0.0.1:${flow.port}`
  await using client = new Client({ host })
  await client.post('/index', documents)
  const shards = await shardsOf(flow)
  const before = await Promise.all(shards.map(onVolume))
  const load = new ShardLoad(() => host, await keptBy(client))
  for (let turn = 0; turn < 20; turn++) {
    const addresses = await Promise.all(shards.map(addressOf))
    await exchange(shards, addresses)
    expect(await Promise.all(shards.map(addressOf))).toEqual(addresses.toReversed())
    const { reads, writes } = load
    await expect.poll(() => Math.min(load.reads - reads, load.writes - writes)).toBeGreaterThan(1)
  }
  await load.end()
  expect(load.wrong).toEqual([])
  expect(before.flat()).toHaveLength(documents.length)
  expect(await Promise.all(shards.map(onVolume))).toEqual(before)
}, 600_000)
