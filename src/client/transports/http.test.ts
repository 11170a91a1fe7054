import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { streaming, withText } from '../../call/call.suite.js'
import type { Document } from '../../document/index.js'
import { MillraceError } from '../../errors.js'
import { gatewaySpec, pod, stageSpec } from '../../gateway/fixture.suite.js'
import { defaultHttpRules } from '../../gateway/http-rules.js'
import { createGateway } from '../../gateway/gateway.js'
import type { GatewaySpec } from '../../gateway/spec.js'
import { deferred } from '../../lib/deferred.js'
import type { DataRequest } from '../../wire/data-request.js'
import { Client as BrowserClient } from '../../browser/client.js'
import { Client as NodeClient } from '../client.js'

const closes: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close()
})

describe.each([
  { road: 'node:http', Client: NodeClient },
  { road: 'fetch', Client: BrowserClient },
])('over HTTP with $road', ({ Client }) => {
  async function clientOf(
    service: Parameters<typeof pod>[0],
    spec: Partial<GatewaySpec> = {},
  ): Promise<NodeClient | BrowserClient> {
    const listeners = [{ protocols: ['http'], host: '127.0.0.1', port: 0 }] as const
    const gateway = createGateway(gatewaySpec([stageSpec('only')], { listeners, ...spec }))
    closes.push(() => gateway.close({ graceMs: 0 }))
    const [port] = (await gateway.listen()).ports
    await gateway.add('only', 'only/rep-0', { kind: 'memory', service: pod(service) })
    await gateway.ready()
    const client = new Client({ host: `http://127.0.0.1:${port}` })
    closes.push(() => client.close())
    return client
  }

  test.each([false, true])(
    'an error of an Executor is that of gRPC, with errorStatus %s',
    async (errorStatus) => {
      const client = await clientOf(
        async (request) => {
          const answer = request.answer()
          const exception = { name: 'TypeError', args: ['bad'], stacks: ['at x\n'], executor: 'Only' }
          answer.status = { code: 'ERROR', description: 'TypeError: bad', exception }
          return answer
        },
        { http: { ...defaultHttpRules, errorStatus } },
      )
      await expect(client.post('/x', 'a')).rejects.toMatchObject({
        code: 'EXECUTOR_FAILED',
        message: expect.stringContaining('TypeError: bad'),
        cause: { name: 'TypeError' },
      })
    },
  )

  test('a refusal of the gateway has its code', async () => {
    const requestLimits = { parameterBytes: 0, parameterValues: 0, parameterDepth: 0, documents: 1 }
    const client = await clientOf(undefined, { requestLimits })
    await expect(client.post('/x', ['a', 'b'])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('answered HTTP 422: '),
    })
  })

  test('a server that is not there, and another one, are refused with the reason, streams too', async () => {
    await using nobody = new Client({ host: 'http://127.0.0.1:2' })
    await expect(nobody.post('/x', 'a')).rejects.toMatchObject({ code: 'UNAVAILABLE', notRun: true })
    const other = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1')
    closes.push(() => other.close())
    await new Promise((resolve) => other.once('listening', resolve))
    await using stranger = new Client({ host: `http://127.0.0.1:${(other.address() as AddressInfo).port}` })
    await expect(stranger.post('/x', 'a')).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('needs a gateway of Millrace'),
    })
    await expect(stranger.streamDoc('/x', 'a')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    })
  })

  async function textsOf(documents: AsyncIterable<Document>): Promise<string[]> {
    const texts: string[] = []
    for await (const { text } of documents) texts.push(text)
    return texts
  }

  test('streamDoc gives the documents of a generator, with the dtypes of their tensors', async () => {
    const client = await clientOf(
      streaming(async function* (data) {
        for (const text of ['ä', 'b']) {
          const item = withText(data, text)
          item.docs.at(0)!.embedding = new Float32Array([0.1])
          yield item
        }
      }),
    )
    const got: Document[] = []
    for await (const document of client.streamDoc('/x', 'word')) got.push(document)
    expect(got.map(({ text }) => text)).toEqual(['ä', 'b'])
    expect(got[0]!.embedding).toMatchObject({ dtype: '<f4' })
  })

  test('a stream that fails after documents has the error of gRPC', async () => {
    const refusal = new MillraceError('DEADLINE_EXCEEDED', 'slow')
    const ends = [
      async (data: DataRequest) => {
        const answer = data.answer()
        const exception = { name: 'TypeError', args: ['bad'], stacks: [], executor: 'Only' }
        answer.status = { code: 'ERROR', description: 'TypeError: bad', exception }
        return answer
      },
      () => Promise.reject(refusal),
    ]
    const client = await clientOf(async (data, call) => {
      await call.items?.push(withText(data, 'first'))
      return ends.shift()!(data)
    })
    for (const code of ['EXECUTOR_FAILED', 'DEADLINE_EXCEEDED']) {
      const documents = client.streamDoc('/x', 'word')[Symbol.asyncIterator]()
      expect((await documents.next()).value).toMatchObject({ text: 'first' })
      await expect(documents.next()).rejects.toMatchObject({ code })
    }
  })

  test('a stream whose server disappears is not taken for complete', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(': nothing\r\n\r\n')
    }).listen(0, '127.0.0.1')
    closes.push(() => server.close())
    await once(server, 'listening')
    await using client = new Client({ host: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    await expect(textsOf(client.streamDoc('/x', 'a'))).rejects.toThrow('before its last document')
  })

  test('leaving the loop over a stream cancels its call', async () => {
    const cancelled = deferred()
    const client = await clientOf(
      streaming(async function* (data, { signal }) {
        signal.addEventListener('abort', () => cancelled.resolve())
        for (;;) yield withText(data, 'more')
      }),
    )
    for await (const _ of client.streamDoc('/x', 'a')) break
    await cancelled.promise
  })
})
