import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { conceptsProject } from '../support/concepts.suite.js'
import { under } from '../support/load.js'
import { Composed } from './support/compose.js'
import { docker } from './support/docker.js'

const executors = `${conceptsProject}/concepts/executors.mjs`

let composed: Composed
beforeAll(async () => {
  const settings = { host: '127.0.0.1', protocol: 'http', quiet: true, workspace: '/data' } as const
  const flow = new Flow({ name: 'composed', ...settings })
    .add({ name: 'who', uses: `${executors}#Who`, replicas: 3 })
    .add({ name: 'keeper', uses: `${executors}#Keeper`, replicas: 2 })
  composed = await Composed.up(flow, conceptsProject, { scheme: 'http' })
})
afterAll(() => composed?.remove())

const inspect = async (id: string, format: string): Promise<string> => docker('inspect', '-f', format, id)

it('only the gateway is published, at the address of the Flow, and stages have no outside access', async () => {
  const ports = '{{json .HostConfig.PortBindings}}'
  const [gateway] = await composed.containers('gateway')
  expect(JSON.parse(await inspect(gateway!, ports))).toEqual({
    '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: new URL(composed.host).port }],
  })
  for (const id of await composed.containers('who')) {
    expect(JSON.parse(await inspect(id, ports))).toEqual({})
    const [network] = Object.keys(
      JSON.parse(await inspect(id, '{{json .NetworkSettings.Networks}}')) as object,
    )
    expect(await docker('network', 'inspect', '-f', '{{.Internal}}', network!)).toBe('true')
  }
})

it('a gateway that speaks HTTP alone is healthy, and answers', async () => {
  const [gateway] = await composed.containers('gateway')
  expect(await inspect(gateway!, '{{.State.Health.Status}}')).toBe('healthy')
  const ready = await fetch(`${composed.host}/health/ready`)
  expect(await ready.json()).toEqual({ status: 'ready' })
  const answer = await fetch(`${composed.host}/who`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"data":[{"text":"a"}]}',
  })
  const { data } = (await answer.json()) as { readonly data: readonly { readonly tags: object }[] }
  expect(data).toMatchObject([{ tags: { host: expect.any(String) } }])
})

it('containers have a read-only root and no capabilities, and do not run as root', async () => {
  const format = '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.Config.User}}'
  for (const id of await composed.containers()) {
    expect(await inspect(id, format)).toBe('true [ALL] 1000:1000')
    const write = 'require("node:fs").writeFileSync("/app/new", "")'
    await expect(docker('exec', id, 'node', '-e', write)).rejects.toThrow(/read-only file system/)
  }
})

it('removed replicas lose no write, and the running gateway finds added ones', async () => {
  const [gateway] = await composed.containers('gateway')
  const startedAt = await inspect(gateway!, '{{.State.StartedAt}}')
  const load = { host: composed.host, endpoints: ['/write', '/who'], senders: 4 }
  const { sent, outcomes, wrong } = await under(load, async ({ byHost }) => {
    await expect.poll(() => byHost.size).toBe(3)
    await composed.scale('who', 1)
    expect(await composed.containers('who')).toHaveLength(1)
    await composed.scale('who', 2)
    await expect.poll(() => byHost.size).toBe(4)
  })
  expect({ outcomes, wrong }).toEqual({ outcomes: { ok: sent }, wrong: [] })
  expect(await inspect(gateway!, '{{.State.StartedAt}}')).toBe(startedAt)
})

it('replicas share a workspace, and a killed replica can use it again at once', async () => {
  const both = await composed.containers('keeper')
  expect(both).toHaveLength(2)
  await using client = new Client({ host: composed.host })
  const ids = Array.from({ length: 10 }, (_, index) => `doc-${index}`)
  await client.post(
    '/index',
    ids.map((id) => ({ id, text: id })),
    { requestSize: 1 },
  )
  const expectAllFound = async (): Promise<void> => {
    const queries = Array.from({ length: 20 }, (_, index) => `query ${index}`)
    for (const { matches } of await client.post('/search', queries, { requestSize: 1 }))
      expect([...matches].map(({ id }) => id).toSorted()).toEqual(ids)
  }
  await expectAllFound()
  await docker('kill', both[0]!)
  await composed.compose('up', '--detach', '--no-recreate', '--scale', 'who=2')
  await composed.ready()
  await expectAllFound()
  expect((await composed.containers('keeper')).toSorted()).toEqual([...both].toSorted())
})
