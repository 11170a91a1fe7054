import { Client, Flow, type FlowOptions } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const words = new URL('./fixtures/flow-executors.mjs#Upper', import.meta.url)

/** One request in ten minutes, after two at once: no test can wait for another one. */
const flow = new Flow({
  quiet: true,
  host: '127.0.0.1',
  protocol: ['grpc', 'http'],
  rateLimit: { perSecond: 1 / 600, burst: 2, by: { header: 'x-tenant' } },
}).add({ uses: words, runtime: 'thread' })
beforeAll(() => flow.start())
afterAll(() => flow.close())

const refusal = {
  code: 'RESOURCE_EXHAUSTED',
  notRun: true,
  retryable: true,
  message: expect.stringContaining('each value of the header x-tenant has'),
}

describe.each(['grpc', 'http'] as const)('a Flow with a rate limit, over %s', (scheme) => {
  const clientOf = (tenant: string): Client =>
    new Client({ host: `${scheme}://127.0.0.1:${flow.port}`, headers: { 'x-tenant': `${scheme}-${tenant}` } })

  it('refuses what is beyond it, with the time to wait, and serves other callers', async () => {
    await using one = clientOf('one')
    await using other = clientOf('other')
    await one.post('/upper', ['a'])
    expect((await one.post('/upper', ['a', 'b'])).texts).toEqual(['A', 'B'])
    const error: unknown = await one.post('/upper', ['a']).catch((reason: unknown) => reason)
    expect(error).toMatchObject(refusal)
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(500_000)
    expect((await other.post('/upper', ['a'])).texts).toEqual(['A'])
  })

  it('counts a stream of documents once, and refuses the next one before it begins', async () => {
    await using client = clientOf('stream')
    for (let n = 0; n < 2; n++) {
      for await (const doc of client.streamDoc('/upper', 'a')) expect(doc.text).toBe('A')
    }
    const refused = async (): Promise<void> => {
      for await (const _ of client.streamDoc('/upper', 'a')) expect.unreachable()
    }
    await expect(refused()).rejects.toMatchObject(refusal)
  })
})

it('over HTTP a refusal is 429 with retry-after, also of a stream of events, and health checks are not counted', async () => {
  const at = (path: string): string => `http://127.0.0.1:${flow.port}${path}`
  const headers = { 'x-tenant': 'raw', 'content-type': 'application/json' }
  for (let n = 0; n < 5; n++) expect((await fetch(at('/health/ready'), { headers })).status).toBe(200)
  for (let n = 0; n < 5; n++) expect((await fetch(at('/status'), { headers })).status).toBe(200)
  const post = (more: object = {}): Promise<Response> =>
    fetch(at('/upper'), { method: 'POST', headers: { ...headers, ...more }, body: '{"data":[{"text":"a"}]}' })
  expect([(await post()).status, (await post()).status]).toEqual([200, 200])
  for (const response of [await post(), await post({ accept: 'text/event-stream' })]) {
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(500)
    expect(response.headers.get('millrace-status')).toBe('RESOURCE_EXHAUSTED')
    expect(response.headers.get('millrace-not-run')).toBe('true')
  }
})

it('the status of the Flow, which ps shows, has the number of refused requests', async () => {
  const { refusedByRate: before = 0 } = await flow.status()
  await using client = new Client({
    host: `grpc://127.0.0.1:${flow.port}`,
    headers: { 'x-tenant': 'counted' },
  })
  for (let n = 0; n < 2; n++) await client.post('/upper', ['a'])
  for (let n = 0; n < 3; n++) {
    await expect(client.post('/upper', ['a'], { maxAttempts: 1 })).rejects.toMatchObject(refusal)
  }
  expect((await flow.status()).refusedByRate).toBe(before + 3)
})

it('the own client of the Flow is not counted', async () => {
  for (let n = 0; n < 5; n++) expect((await flow.post('/upper', ['a'])).texts).toEqual(['A'])
})

describe.each(['grpc', 'http'] as const)('a rate limit by address, over %s', (scheme) => {
  async function refusedOf(
    trustProxy: NonNullable<FlowOptions['trustProxy']>,
    addresses: readonly string[],
  ): Promise<number> {
    await using limited = new Flow({
      quiet: true,
      host: '127.0.0.1',
      protocol: scheme,
      trustProxy,
      rateLimit: { perSecond: 1 / 600, burst: 1 },
    }).add({ name: 'entry' })
    await limited.start()
    const sent = addresses.map(async (address) => {
      await using client = new Client({
        host: `${scheme}://127.0.0.1:${limited.port}`,
        headers: { 'x-forwarded-for': address },
      })
      try {
        await client.post('/', ['a'], { maxAttempts: 1 })
        return 0
      } catch (error) {
        expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
        return 1
      }
    })
    return (await Promise.all(sent)).reduce((one: number, other) => one + other, 0)
  }

  it('is by the address that a trusted proxy names, and by that of the connection otherwise', async () => {
    const addresses = ['203.0.113.1', '203.0.113.2', '10.0.0.1, 203.0.113.2']
    expect(await refusedOf(['127.0.0.0/8'], addresses)).toBe(1)
    expect(await refusedOf(false, addresses)).toBe(2)
    expect(await refusedOf(['192.0.2.0/24'], addresses)).toBe(2)
  })
})
