import { Client, Flow } from 'millrace'
import { expect, it } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { keptBy, ShardLoad } from '../support/shard-load.js'
import { follow } from './support/follow.js'
import { Namespace } from './support/namespace.js'
import { onKubernetes } from './support/platform.js'

const uses = `${conceptsProject}/concepts/executors.mjs#Keeper`
const documents = Array.from({ length: 20 }, (_, index) => ({ id: `doc-${index}`, text: `text ${index}` }))
const services = ['keeper-0', 'keeper-1'] as const

interface EndpointSlices {
  readonly items: readonly {
    readonly endpoints: readonly { readonly addresses: readonly string[] }[] | null
  }[]
}

/** The documents on the volume of each shard. */
function onVolumes(namespace: Namespace): Promise<readonly (readonly string[])[]> {
  const list = "console.log(fs.readdirSync('/workspace', { recursive: true }).join('\\n'))"
  const found = services.map(async (name) => {
    const { stdout } = await namespace.kubectl('exec', `${name}-0`, '--', 'node', '--eval', list)
    return stdout
      .split('\n')
      .filter((file) => file.includes('/doc-'))
      .toSorted()
  })
  return Promise.all(found)
}

/** The addresses that the cluster lists for the Service of each shard. */
function listed(namespace: Namespace): Promise<readonly (readonly string[])[]> {
  const found = services.map(async (name) => {
    const selector = `kubernetes.io/service-name=${name}`
    const { items } = await namespace.get<EndpointSlices>('endpointslices', '--selector', selector)
    return items.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses))
  })
  return Promise.all(found)
}

/** Lets the Service of each shard lead to the pods of another one, as if they had each other's addresses. */
async function lead(namespace: Namespace, to: readonly string[]): Promise<void> {
  const patches = services.map((name, index) =>
    namespace.kubectl(
      ...['patch', 'service', name, '--type', 'merge'],
      ...['--patch', JSON.stringify({ spec: { selector: { app: to[index] } } })],
    ),
  )
  await Promise.all(patches)
}

it('two shards whose pods swap addresses a hundred times under load never execute requests of each other', async () => {
  const namespace = await Namespace.create()
  try {
    const flow = new Flow({ name: 'exchanged', quiet: true, workspace: 'kept' }).add({
      name: 'keeper',
      uses,
      shards: 2,
      polling: { '/index': 'KEY', '/search': 'ALL', '*': 'ANY' },
    })
    await using running = await flow.start({ ...onKubernetes(namespace), project: conceptsProject })
    const host = `grpc://127.0.0.1:${running.port}`
    await using client = new Client({ host })
    await client.post('/index', documents)
    const before = await onVolumes(namespace)
    const addresses = await listed(namespace)
    await using log = follow(namespace, 'deployment/gateway')
    const load = new ShardLoad(() => host, await keptBy(client))
    const refusals = (shard: number): number =>
      log.count(`No request for keeper/shard-${shard} is run at .*It says that it is shard ${1 - shard} of 2`)
    for (let turn = 0; turn < 50; turn++) {
      const before = [0, 1].map(refusals)
      await lead(namespace, services.toReversed())
      await expect.poll(() => [0, 1].every((shard) => refusals(shard) > before[shard]!)).toBe(true)
      expect(await listed(namespace)).toEqual(addresses.toReversed())
      await lead(namespace, services)
      await expect.poll(() => listed(namespace)).toEqual(addresses)
      const { reads, writes } = load
      await expect.poll(() => Math.min(load.reads - reads, load.writes - writes)).toBeGreaterThan(1)
    }
    await load.end()
    expect(load.wrong).toEqual([])
    expect([...load.failures].filter((code) => !['UNAVAILABLE', 'OUTCOME_UNKNOWN'].includes(code))).toEqual(
      [],
    )
    expect(before.flat()).toHaveLength(documents.length)
    expect(await onVolumes(namespace)).toEqual(before)
  } finally {
    await namespace.remove()
  }
}, 900_000)
