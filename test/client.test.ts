import { Client, Document, Flow } from 'millrace'
import * as browser from 'millrace/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority, folderWith } from '../src/tls/certificates.suite.js'

const uses = new URL('fixtures/client-executors.mjs#Probe', import.meta.url)

const authority = new Authority()
const certificate = authority.server({ name: 'flow.test' })
const files = folderWith({ 'server.pem': certificate.cert, 'server-key.pem': certificate.key })
afterAll(() => files.close())

const secured = { tls: { ca: authority.cert } }
const ofNode = { Client, Document }
const ofPages = { Client: browser.Client, Document: browser.Document }

/**
 * Each way from a client to a Flow. The client for browsers runs on the `fetch` and the `WebSocket` of Node here, which take no
 * authority of a test, and in Chromium in `test/browser`.
 */
const roads = [
  { road: 'grpc', scheme: 'grpc', options: {}, ...ofNode },
  { road: 'grpcs', scheme: 'grpcs', options: secured, ...ofNode },
  { road: 'http', scheme: 'http', options: {}, ...ofNode },
  { road: 'https', scheme: 'https', options: secured, ...ofNode },
  { road: 'ws', scheme: 'ws', options: {}, ...ofNode },
  { road: 'wss', scheme: 'wss', options: secured, ...ofNode },
  { road: 'fetch', scheme: 'http', options: {}, ...ofPages },
  // not in Node 20
  ...('WebSocket' in globalThis ? [{ road: 'WebSocket', scheme: 'ws', options: {}, ...ofPages }] : []),
] as const

describe.each(roads)('a client over $road', ({ scheme, options, Client, Document }) => {
  const env = { MILLRACE_LOG_LEVEL: 'silent' } // its Executor fails on purpose
  const tls = { cert: files.path('server.pem'), key: files.path('server-key.pem') }
  const shared = { quiet: true, host: '127.0.0.1', protocol: ['grpc', 'http', 'websocket'], env } as const
  const flow = new Flow({ ...shared, ...('tls' in options && { tls }) })
    .add({ name: 'entry' })
    .add({ name: 'probe', uses, runtime: 'thread' })
  let client: InstanceType<typeof Client>

  const clientAt = (port: number): InstanceType<typeof Client> =>
    new Client({ host: `${scheme}://127.0.0.1:${port}`, ...options })

  beforeAll(async () => {
    await flow.start()
    client = clientAt(flow.port)
  })

  afterAll(async () => {
    await client.close()
    await flow.close()
  })

  /** The result of the only replica. */
  async function result(on: string, given: object = {}): Promise<unknown> {
    const [response] = await client.post(on, undefined, { ...given, returnResponses: true })
    return Object.values(response!.parameters.__results__ as object)[0]
  }

  test('a client is ready when the Flow is', async () => {
    expect(await client.isReady()).toBe(true)
    await using unreachable = clientAt(1)
    expect(await unreachable.isReady()).toBe(false)
  })

  test('responses arrive in order of completion, or in the order of the inputs', async () => {
    const inputs = ['first', 'second']
    const texts: string[] = []
    for await (const { docs } of client.stream('/late-first', inputs, { requestSize: 1 })) {
      texts.push(...docs.texts)
      if (texts.length === 1) await client.post('/release')
    }
    expect(texts).toEqual(['second', 'first'])
    const { passed } = (await result('/seen')) as { passed: number }
    const ordered = client.post('/late-first', inputs, { requestSize: 1, resultsInOrder: true })
    await expect.poll(() => result('/seen')).toMatchObject({ passed: passed + 1 })
    await client.post('/release')
    expect((await ordered).texts).toEqual(inputs)
  })

  test('parameters, headers and the deadline reach the handler', async () => {
    const given = { parameters: { top: 3 }, headers: { 'x-tenant': 'a' }, timeoutMs: 10_000 }
    const seen = (await result('/ask', given)) as { leftMs: number }
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
    await expect.poll(() => result('/seen')).toMatchObject({ aborted: before.aborted + 1 })
    await expect(client.post('/wait', 'a', { timeoutMs: 1000 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    // on a busy machine the handler may not have begun in that time
    await expect
      .poll(async () => {
        const { aborted, begun } = (await result('/seen')) as { aborted: number; begun: number }
        return begun - aborted
      })
      .toBe(before.begun - before.aborted)
  })

  test('one document of 20 MB and 1,000 small requests come back', async () => {
    const text = 'x'.repeat(20_000_000)
    expect((await client.post('/echo', text)).at(0)?.text.length).toBe(text.length)
    const many = await client.post(
      '/echo',
      Array.from({ length: 1000 }, (_, index) => String(index)),
      {
        requestSize: 1,
        resultsInOrder: true,
      },
    )
    expect(many.texts.every((given, index) => given === String(index))).toBe(true)
  })

  test('documents keep the types of what they hold, both ways', async () => {
    const sent = new Document({
      tensor: new Float32Array([0.1, Number.NaN, -0]),
      embedding: new BigInt64Array([1n, 2n ** 62n + 1n]),
      tags: { nested: { list: [1, 'two', null, true] }, whole: 3 },
      chunks: [{ blob: new Uint8Array([0, 128, 255]), matches: [{ text: 'deep \u{1f30a}' }] }],
    })
    const [got] = await client.post('/typed', sent)
    expect(got!.tags).toMatchObject({
      nested: { list: [1, 'two', null, true] },
      whole: 3,
      seen: { tensor: '<f4', embedding: '<i8', last: String(2n ** 62n + 1n), blob: [0, 128, 255] },
    })
    expect(got!.tensor).toMatchObject({ dtype: '<f4', data: new Float32Array([0.1, Number.NaN, -0]) })
    expect(got!.embedding).toMatchObject({ dtype: '<i8', data: new BigInt64Array([1n, 2n ** 62n + 1n]) })
    expect(got!.chunks.at(0)!.matches.texts).toEqual(['deep \u{1f30a}'])
    expect(got!.matches.at(0)).toMatchObject({
      blob: new Uint8Array([255]),
      embedding: { data: new BigInt64Array([-(2n ** 63n)]) },
    })
  })

  test('the error of an Executor says where and what, and goes to onError', async () => {
    await expect(client.post('/pick', ['good', 'bad'])).rejects.toMatchObject({
      name: 'MillraceError',
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('this one is bad'),
      where: { deployment: 'probe', endpoint: '/pick' },
      retryable: false,
      cause: { name: 'RangeError' },
    })
    const failed: unknown[] = []
    const good = await client.post('/pick', ['good', 'bad', 'fine'], {
      requestSize: 1,
      resultsInOrder: true,
      onError: ({ status }) => failed.push(status.exception?.args),
    })
    expect([good.texts, failed]).toEqual([['good', 'fine'], [['this one is bad']]])
  })

  test('wrong options and inputs have their codes', async () => {
    await expect(client.post('/echo', 'a', { timoutMs: 3 } as object)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      message: expect.stringContaining("'timeoutMs'"),
    })
    await expect(client.post('/echo', [new Map()] as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const broken = function* () {
      yield 'a'
      throw new Error('the file has ended')
    }
    await expect(client.post('/echo', broken)).rejects.toMatchObject({ code: 'INPUT_FAILED' })
    expect(() => new Client({ host: `${scheme}://a:99999` })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })

  test('a stream gives its documents one by one, and then the error of its Executor', async () => {
    const texts: string[] = []
    const read = async (text: string): Promise<void> => {
      for await (const document of client.streamDoc('/words', text)) texts.push(document.text)
    }
    await read('one two')
    await expect(read('three bad')).rejects.toMatchObject({ code: 'EXECUTOR_FAILED' })
    expect(texts).toEqual(['one', 'two', 'three'])
  })

  test('a closed client cancels what is in flight', async () => {
    const before = (await result('/seen')) as { aborted: number; begun: number }
    const other = clientAt(flow.port)
    const waiting = other.post('/wait', 'a')
    await expect.poll(() => result('/seen')).toMatchObject({ begun: before.begun + 1 })
    await Promise.all([other.close(), expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })])
    await expect.poll(() => result('/seen')).toMatchObject({ aborted: before.aborted + 1 })
  })

  test('a server that is not there got nothing, so that even a write may be sent again', async () => {
    // not 1, to which fetch refuses to connect
    await using nobody = clientAt(2)
    const failure = { code: 'UNAVAILABLE', notRun: true, retryable: true }
    await expect(nobody.post('/index', 'a')).rejects.toMatchObject(failure)
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
