import { Client, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const uses = new URL('fixtures/client-executors.mjs#Probe', import.meta.url)

describe.each(['grpc', 'http'] as const)('a client over %s', (scheme) => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http'] })
    .add({ name: 'entry' })
    .add({ name: 'probe', uses, runtime: 'thread' })
  let client: Client

  beforeAll(async () => {
    await flow.start()
    client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
  })

  afterAll(async () => {
    await client.close()
    await flow.close()
  })

  /** The result of the only replica. */
  async function result(on: string, options: object = {}): Promise<unknown> {
    const [response] = await client.post(on, undefined, { ...options, returnResponses: true })
    return Object.values(response!.parameters.__results__ as object)[0]
  }

  test('a client is ready when the Flow is', async () => {
    expect(await client.isReady()).toBe(true)
    await using unreachable = new Client({ host: `${scheme}://127.0.0.1:1` })
    expect(await unreachable.isReady()).toBe(false)
  })

  test('responses arrive in order of completion, or in the order of the inputs', async () => {
    const inputs = ['first', 'second']
    expect((await client.post('/late-first', inputs, { requestSize: 1 })).texts).toEqual(['second', 'first'])
    const ordered = await client.post('/late-first', inputs, { requestSize: 1, resultsInOrder: true })
    expect(ordered.texts).toEqual(inputs)
  })

  test('parameters, headers and the deadline reach the handler', async () => {
    const options = { parameters: { top: 3 }, headers: { 'x-tenant': 'a' }, timeoutMs: 10_000 }
    const seen = (await result('/ask', options)) as { leftMs: number }
    expect(seen).toMatchObject({ parameters: { top: 3 }, tenant: 'a' })
    expect(seen.leftMs).toBeLessThanOrEqual(10_000)
  })

  test('an abort and a deadline of the client abort the handler', async () => {
    const before = (await result('/seen')) as { aborted: number; begun: number }
    const abort = new AbortController()
    const waiting = client.post('/wait', 'a', { signal: abort.signal })
    await expect.poll(() => result('/seen')).toMatchObject({ begun: before.begun + 1 })
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(client.post('/wait', 'a', { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    await expect.poll(() => result('/seen')).toMatchObject({ aborted: before.aborted + 2 })
  })

  test('one document of 20 MB and 3,000 small requests come back', async () => {
    const text = 'x'.repeat(20_000_000)
    expect((await client.post('/echo', text)).at(0)?.text.length).toBe(text.length)
    const many = await client.post(
      '/echo',
      Array.from({ length: 3000 }, (_, index) => String(index)),
      {
        requestSize: 1,
        resultsInOrder: true,
      },
    )
    expect(many.texts.every((given, index) => given === String(index))).toBe(true)
  })

  test('an endless source is read no faster than answers arrive', async () => {
    let pulled = 0
    let taken = 0
    const endless = function* () {
      for (;;) yield String(pulled++)
    }
    for await (const _ of client.stream('/echo', endless, { requestSize: 1, prefetch: 3 })) {
      if (++taken === 100) break
      expect(pulled).toBeLessThanOrEqual(taken + 4)
    }
  })
})
