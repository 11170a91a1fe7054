import { Flow } from 'millrace'
import { expect, it } from 'vitest'
import { enter, lookThat } from '../support/page.js'

const uses = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)
const options = { quiet: true, host: '127.0.0.1', control: false } as const

it('a Flow with dashboard serves its page: it shows, scales and calls the Flow, and ends with it', async () => {
  const flow = new Flow({ ...options, dashboard: true, metrics: true }).add({ name: 'upper', uses })
  expect(flow.dashboardUrl).toBe(null)
  await flow.start()
  const link = flow.dashboardUrl!
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]+\/\?token=[\w-]+$/)
  const ask = await enter(link)
  expect(flow.dashboardUrl).toBe(null)

  const called = await ask('call', { endpoint: '/upper', documents: [{ text: 'a' }], parameters: {} })
  expect(await called.json()).toMatchObject({ docs: [{ text: 'A' }] })
  const words = { endpoint: '/words', documents: ['one two'], parameters: {}, stream: true }
  expect(await (await ask('call', words)).json()).toMatchObject([{ text: 'one' }, { text: 'two' }])
  const failed = await ask('call', { endpoint: '/fail', documents: [], parameters: {} })
  expect([failed.status, await failed.json()]).toEqual([
    500,
    { code: 'EXECUTOR_FAILED', message: expect.any(String), stack: expect.stringContaining('Upper.fail') },
  ])
  expect(await (await ask('served')).json()).toMatchObject({ endpoints: expect.arrayContaining(['/upper']) })
  expect(await (await ask('scale', { stage: 'upper', replicas: 2 })).json()).toMatchObject({ from: 1, to: 2 })

  const events = await ask('events')
  const whole = await lookThat(events, ({ stages }) => stages[0]!.ready === 2)
  expect(whole.stages[0]!.shards[0]!.hopSeconds!.sum).toBeGreaterThan(0)
  await flow.close()
  await expect(ask('served')).rejects.toThrow()
})

it('a replica that is killed is told with its reason, also when it is back at once', async () => {
  await using flow = new Flow({ ...options, dashboard: { port: 0 } }).add({ name: 'upper', uses })
  await flow.start()
  const ask = await enter(flow.dashboardUrl!)
  const events = await ask('events')
  const { stages } = await flow.status()
  process.kill(stages[0]!.pods[0]!.pid!, 'SIGKILL')
  const status = await lookThat(events, (one) => one.stages[0]!.pods[0]!.lastEnd !== undefined)
  expect(status.stages[0]!.pods[0]!.lastEnd).toContain('SIGKILL')
})

it('a Flow runs without its page when the port is taken', async () => {
  await using first = new Flow({ ...options, dashboard: true }).add({ name: 'entry' })
  await first.start()
  const port = Number(new URL(first.dashboardUrl!).port)
  await using second = new Flow({ ...options, dashboard: { port } }).add({ name: 'entry' })
  await second.start()
  expect(second.dashboardUrl).toBe(null)
  expect(await second.isReady()).toBe(true)
})
