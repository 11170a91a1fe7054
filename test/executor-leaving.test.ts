import { once } from 'node:events'
import path from 'node:path'
import { Flow } from 'millrace'
import { afterEach, expect, it } from 'vitest'
import { under } from './support/load.js'
import { Servers } from './support/servers.js'

const executors = path.resolve(import.meta.dirname, 'fixtures/concepts/executors.mjs')
const servers = new Servers()

afterEach(() => servers.close())

/** Two programs as replicas of one stage; the Flow knows only their addresses. */
async function twoReplicas() {
  const start = () => servers.start('executor', '--uses', `${executors}#Who`)
  const both = await Promise.all([start(), start()])
  const flow = await new Flow({ quiet: true, host: '127.0.0.1' })
    .add({ name: 'who', external: true, host: '127.0.0.1', port: both.map(({ port }) => port) })
    .start()
  return { flow, both }
}

it('an executor that gets SIGTERM under load loses no request, though the gateway still has its address', async () => {
  const { flow, both } = await twoReplicas()
  await using _ = flow
  const load = { host: `grpc://127.0.0.1:${flow.port}`, endpoints: ['/slow', '/who', '/write'], everyMs: 1 }
  const { sent, outcomes, wrong } = await under(load, async ({ byHost }) => {
    await expect.poll(() => byHost.size).toBe(2)
    const ended = once(both[0].child, 'exit')
    both[0].child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    const [survivor] = await whoAnswers(flow)
    const before = byHost.get(survivor!)!
    await expect.poll(() => byHost.get(survivor!)).toBeGreaterThan(before + 100)
  })
  expect({ outcomes, wrong }).toEqual({ outcomes: { ok: sent }, wrong: [] })
})

async function whoAnswers(flow: Flow<string>): Promise<readonly string[]> {
  const docs = await flow.post('/who', ['a'])
  return [...docs].map(({ tags }) => String(tags.host))
}
