import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { MillraceError } from '../../errors.js'
import { gatewaySpec, pod, stageSpec } from '../../gateway/fixture.suite.js'
import type { Gateway } from '../../gateway/contract.js'
import { createGateway } from '../../gateway/gateway.js'
import type { GatewaySpec } from '../../gateway/spec.js'
import { deferred } from '../../lib/deferred.js'
import { Client, type ClientOptions } from '../client.js'

const closes: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closes.splice(0).toReversed()) await close()
})

async function gatewayOf(
  service: Parameters<typeof pod>[0],
  { port = 0, ...spec }: Partial<GatewaySpec> & { readonly port?: number } = {},
): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const listeners = [{ protocols: ['websocket'], host: '127.0.0.1', port }] as const
  const gateway = createGateway(gatewaySpec([stageSpec('only')], { listeners, ...spec }))
  closes.push(() => gateway.close({ graceMs: 0 }))
  const [bound = 0] = (await gateway.listen()).ports
  await gateway.add('only', 'only/rep-0', { kind: 'memory', service: pod(service) })
  await gateway.ready()
  return { gateway, port: bound }
}

function clientAt(port: number, options: Partial<ClientOptions> = {}): Client {
  const client = new Client({ host: `ws://127.0.0.1:${port}`, ...options })
  closes.push(() => client.close())
  return client
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  closes.push(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('an error of an Executor is that of gRPC, and other requests go on', async () => {
  const { port } = await gatewayOf(async (request) => {
    const answer = request.answer()
    if (request.docs.at(0)!.text !== 'bad') return answer
    const exception = { name: 'TypeError', args: ['bad'], stacks: ['at x\n'], executor: 'Only' }
    answer.status = { code: 'ERROR', description: 'TypeError: bad', exception }
    return answer
  })
  const client = clientAt(port)
  await expect(client.post('/x', 'bad')).rejects.toMatchObject({
    code: 'EXECUTOR_FAILED',
    cause: { name: 'TypeError' },
  })
  const good = await client.post('/x', ['a', 'bad', 'b'], { requestSize: 1, continueOnError: true })
  expect([...good.texts].sort()).toEqual(['a', 'b'])
})

test('a refusal of the gateway has its code and its facts', async () => {
  const requestLimits = { parameterBytes: 0, parameterValues: 0, parameterDepth: 0, documents: 1 }
  const { port } = await gatewayOf(undefined, { requestLimits })
  await expect(clientAt(port).post('/x', ['a', 'b'])).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    retryable: false,
  })
})

test('what a stage rejects with has its code and says whether it ran', async () => {
  const full = new MillraceError('RESOURCE_EXHAUSTED', 'full', { notRun: true, retryAfterMs: 70 })
  const lost = new MillraceError('UNAVAILABLE', 'gone')
  const { port } = await gatewayOf((request) => Promise.reject(request.endpoint === '/full' ? full : lost))
  const client = clientAt(port)
  await expect(client.post('/full', 'a')).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    notRun: true,
    retryAfterMs: 70,
  })
  // nothing is known of the endpoint, which may write
  await expect(client.post('/lost', 'a')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
})

test('a message that the gateway does not take, and an answer that the client does not, are told', async () => {
  const { port } = await gatewayOf(async (request) => request.answer(), { maxMessageBytes: 50_000 })
  await expect(clientAt(port).post('/x', 'a'.repeat(100_000))).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryable: false,
  })
  await expect(clientAt(port, { maxMessageBytes: 2000 }).post('/x', 'a'.repeat(3000))).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringContaining('maxMessageBytes'),
  })
})

test('a handshake that is refused has the code of the refusal', async () => {
  const { port } = await gatewayOf(undefined, { auth: { bearer: ['good'], open: [] } })
  await expect(clientAt(port, { token: 'bad' }).post('/x', 'a')).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    notRun: true,
  })
  expect((await clientAt(port, { token: 'good' }).post('/x', 'a')).texts).toEqual(['a'])
})

test('other servers are refused with the reason', async () => {
  const plain = await listening(createServer((_, response) => response.end('hello')))
  const server = createServer()
  const port = await listening(server)
  const sockets = new WebSocketServer({ server, handleProtocols: () => false })
  closes.push(() => sockets.close())
  for (const stranger of [plain, port]) {
    const failure = { code: 'UNSUPPORTED', message: expect.stringContaining('gateway of Millrace') }
    await expect(clientAt(stranger).post('/x', 'a')).rejects.toMatchObject(failure)
    await expect(
      clientAt(stranger).streamDoc('/x', 'a')[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject(failure)
    expect(await clientAt(stranger).isReady()).toBe(false)
  }
})

test('a header that HTTP does not allow is refused', async () => {
  const { port } = await gatewayOf(undefined)
  await expect(clientAt(port).post('/x', 'a', { headers: { 'x y': 'z' } })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
})

test('a stream moves to the next gateway when its own leaves: each request is answered once', async () => {
  const [gate, begun] = [deferred(), deferred()]
  const named = (name: string, wait = Promise.resolve()): Parameters<typeof pod>[0] => {
    return async (data) => {
      begun.resolve()
      await wait
      const answer = data.answer()
      for (const doc of answer.docs) doc.text = `${doc.text} ${name}`
      return answer
    }
  }
  const first = await gatewayOf(named('first', gate.promise))
  const client = clientAt(first.port)
  const more = deferred()
  const inputs = async function* () {
    yield 'a'
    await begun.promise
    // on its way to a gateway that reads no more
    yield 'b'
    await more.promise
    yield 'c'
  }
  const answers = client.stream('/x', inputs, { requestSize: 1 })[Symbol.asyncIterator]()
  const answered = answers.next()
  await begun.promise
  const closed = first.gateway.close({ graceMs: 10_000 })
  await gatewayOf(named('second'), { port: first.port })
  gate.resolve()
  expect((await answered).value.docs.texts).toEqual(['a first'])
  expect((await answers.next()).value.docs.texts).toEqual(['b second'])
  await closed
  more.resolve()
  expect((await answers.next()).value.docs.texts).toEqual(['c second'])
  expect((await answers.next()).done).toBe(true)
})

test('a gateway that is lost with a request may have run it; one that left has not run the next', async () => {
  const begun = deferred()
  const { gateway, port } = await gatewayOf(() => {
    begun.resolve()
    return new Promise(() => {})
  })
  const answer = clientAt(port)
    .post('/x', 'a')
    .catch((error: unknown) => error)
  await begun.promise
  await gateway.close({ graceMs: 0 })
  expect(await answer).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
  await expect(clientAt(port).post('/x', 'a')).rejects.toMatchObject({ code: 'UNAVAILABLE', notRun: true })
})

test('a stream of documents that a closed client leaves is cancelled', async () => {
  const [begun, cancelled] = [deferred(), deferred()]
  const { port } = await gatewayOf((_, call) => {
    call.onAbort({ abort: () => cancelled.resolve() })
    begun.resolve()
    return new Promise(() => {})
  })
  const client = clientAt(port)
  const next = client.streamDoc('/x', 'a')[Symbol.asyncIterator]().next()
  await begun.promise
  await Promise.all([client.close(), expect(next).rejects.toMatchObject({ code: 'CANCELLED' })])
  await cancelled.promise
})
