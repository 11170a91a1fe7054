import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTcp, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { callOf, Items } from '../../call/call.suite.js'
import { Document, DocumentArray } from '../../document/index.js'
import { MillraceError } from '../../errors.js'
import { deferred } from '../../lib/deferred.js'
import { DataRequest } from '../../wire/data-request.js'
import { encodeDescription } from '../../wire/description.js'
import { dial } from '../index.js'
import type { Channel, DialOptions } from '../transport.js'
import { type FakePeer, type FakePeerOptions, startFakePeer } from './fake-peer.suite.js'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean()
})

async function connect(
  options: FakePeerOptions,
  dialOptions: DialOptions = {},
): Promise<{ peer: FakePeer; channel: Channel }> {
  const peer = await startFakePeer(options)
  const channel = await dial({ kind: 'grpc', host: '127.0.0.1', port: peer.port, tls: false }, dialOptions)
  cleanups.push(() => channel.close(), peer.close)
  return { peer, channel }
}

function request(text = 'a'): DataRequest {
  return DataRequest.create({ endpoint: '/foo', docs: new DocumentArray([new Document({ text })]) })
}

test('a hop is a unary call with the endpoint as metadata', async () => {
  let seen: Record<string, string> = {}
  const { channel } = await connect({
    onSingle(given, metadata) {
      seen = metadata
      const answer = given.answer()
      answer.docs = new DocumentArray([new Document({ text: `${given.docs.at(0)!.text}!` })])
      return answer
    },
  })
  const headers = {
    'x-tenant': 'a',
    connection: 'close',
    'content-type': 'text/plain',
    __prefetch__: '5',
    __results_in_order__: 'true',
  }
  const answer = await channel.handle(request(), callOf({ headers }))
  expect(answer.docs.at(0)!.text).toBe('a!')
  expect(seen).toMatchObject({ endpoint: '/foo', 'x-tenant': 'a' })
  expect(seen).not.toHaveProperty('__prefetch__')
  expect(seen).not.toHaveProperty('__results_in_order__')
})

test('a server gets the headers of a caller that it may have, and trace context', async () => {
  const seen: Record<string, string>[] = []
  const peer = await startFakePeer({
    onSingle(given, metadata) {
      seen.push(metadata)
      return given.answer()
    },
  })
  cleanups.push(peer.close)
  const address = { kind: 'grpc', host: '127.0.0.1', port: peer.port, tls: false } as const
  const headers = {
    authorization: 'Bearer secret',
    cookie: 'a=b',
    'X-Tenant': 'a',
    traceparent: '00-1',
    tracestate: 'b',
  }
  for (const forwardHeaders of [[], ['authorization'], 'all', 'unfiltered'] as const) {
    const channel = await dial(address, { forwardHeaders })
    cleanups.push(() => channel.close())
    await channel.handle(request(), callOf({ headers }))
  }
  const callers = seen.map((one) =>
    ['authorization', 'cookie', 'x-tenant', 'traceparent', 'tracestate'].filter((name) => name in one),
  )
  expect(callers).toEqual([
    ['traceparent', 'tracestate'],
    ['authorization', 'traceparent', 'tracestate'],
    ['x-tenant', 'traceparent', 'tracestate'],
    ['authorization', 'cookie', 'x-tenant', 'traceparent', 'tracestate'],
  ])
  expect(seen[0]).toMatchObject({ endpoint: '/foo' })
})

test('an answer is one, also of a peer that sends back the fields of the request that it does not know', async () => {
  const { channel } = await connect({ onSingle: (given) => DataRequest.decode(given.encode()) })
  const sent = request()
  sent.parts = [
    { from: 'exec/shard-0', count: 1 },
    { from: 'exec/shard-1', count: 0 },
  ]
  const answer = await channel.handle(sent, callOf())
  expect(answer.parts).toBeUndefined()
  expect(DataRequest.decode(answer.encode()).parts).toBeUndefined()
  expect(answer.docs.texts).toEqual(['a'])
})

test('a server is dialled by the path of its Unix socket', async () => {
  const peer = await startFakePeer({ onSingle: (given) => given.answer() })
  cleanups.push(peer.close)
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-grpc-'))
  cleanups.push(async () => rmSync(folder, { recursive: true }))
  const entrance = createServer((socket) => socket.pipe(connectTcp(peer.port, '127.0.0.1')).pipe(socket))
  const socketPath = path.join(folder, 'sock')
  await once(entrance.listen(socketPath), 'listening')
  const address = { kind: 'grpc', host: 'localhost', port: 0, path: socketPath, tls: false } as const
  const channel = await dial(address)
  expect((await channel.handle(request(), callOf())).docs.texts).toEqual(['a'])
  await channel.close()
  await new Promise((resolve) => entrance.close(resolve))
  const lost = await dial(address)
  cleanups.push(() => lost.close())
  await expect(lost.handle(request(), callOf())).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    where: { address: `unix:${socketPath}` },
  })
})

test('a large request and its answer arrive whole', async () => {
  const { channel } = await connect({ onSingle: (given) => given.answer() })
  const text = 'x'.repeat(3_000_000)
  expect((await channel.handle(request(text), callOf())).docs.at(0)!.text.length).toBe(text.length)
})

test('a peer without the unary call is asked over a stream', async () => {
  const { peer, channel } = await connect({})
  expect((await channel.handle(request(), callOf())).docs.at(0)!.text).toBe('a')
  expect((await channel.handle(request('b'), callOf())).docs.at(0)!.text).toBe('b')
  expect(peer.calls).toHaveLength(2)
})

test('an abort rejects with its reason', async () => {
  const arrived = deferred()
  const { channel } = await connect({
    onSingle() {
      arrived.resolve()
      return new Promise<never>(() => {})
    },
  })
  const abort = new AbortController()
  const hop = channel.handle(request(), callOf({ signal: abort.signal }))
  await arrived.promise
  const reason = new MillraceError('CANCELLED', 'enough')
  abort.abort(reason)
  await expect(hop).rejects.toMatchObject({ code: 'CANCELLED', message: 'enough' })
})

test('the deadline goes along and is kept here too', async () => {
  const { channel } = await connect({ onSingle: () => new Promise<never>(() => {}) })
  const hop = channel.handle(request(), callOf({ deadline: Date.now() + 50 }))
  await expect(hop).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

test('statuses of the peer become errors with its address', async () => {
  const { peer, channel } = await connect({
    onSingle: () => Promise.reject({ code: 14, details: 'worker down' }),
  })
  await expect(channel.handle(request(), callOf())).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('worker down'),
    where: { address: `127.0.0.1:${peer.port}` },
  })
})

test('documents are streamed as they come', async () => {
  const { channel } = await connect({
    onStreamDoc: async function* (given) {
      for (const text of ['b', 'c']) {
        const answer = given.answer()
        answer.docs = new DocumentArray([new Document({ text })])
        yield answer
      }
    },
  })
  const items = new Items()
  const closing = await channel.handle(request(), callOf({ items }))
  expect(items.texts).toEqual(['b', 'c'])
  expect(closing.docs).toHaveLength(0)
})

test('a peer describes itself; one that cannot is unknown', async () => {
  const description = { endpoints: ['/a'], writeEndpoints: ['/a'], streamEndpoints: [], schemas: {} }
  const known = await connect({ describe: () => encodeDescription(description) })
  expect(await known.channel.describe()).toMatchObject({ endpoints: ['/a'], writeEndpoints: ['/a'] })
  const unknown = await connect({})
  expect(await unknown.channel.describe()).toMatchObject({ endpoints: [] })
})

test('a peer whose description fails is unknown too: Jina 3.34 raises KeyError for documents with nested ones', async () => {
  const { channel } = await connect({
    describe() {
      throw new Error("'#/$defs/Author'")
    },
  })
  expect(await channel.describe()).toMatchObject({ endpoints: [] })
})

test('a peer that cannot be reached is not taken for one without a description', async () => {
  const { peer, channel } = await connect({})
  await peer.close()
  await expect(channel.describe()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
})

test('a channel outlives its peer, and is closed only by close()', async () => {
  const { peer, channel } = await connect({ onSingle: (given) => given.answer() })
  await channel.handle(request(), callOf())
  await peer.close()
  await expect(channel.handle(request(), callOf())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const successor = await startFakePeer({ onSingle: (given) => given.answer() }, peer.port)
  cleanups.push(successor.close)
  expect((await channel.handle(request(), callOf())).docs).toHaveLength(1)
  await channel.close()
  await channel.close()
  expect(await channel.closed).toEqual({ reason: expect.any(String) })
  await expect(channel.handle(request(), callOf())).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('close() ends what is in flight', async () => {
  const arrived = deferred()
  const { channel } = await connect({
    onSingle() {
      arrived.resolve()
      return new Promise<never>(() => {})
    },
  })
  const hop = channel.handle(request(), callOf())
  await arrived.promise
  await Promise.all([channel.close(), expect(hop).rejects.toMatchObject({ code: 'CANCELLED' })])
})

/** What a join that keeps its branches apart gets. */
function inParts(): DataRequest {
  const docs = new DocumentArray(['a', 'b', 'c'].map((text) => new Document({ text })))
  const joined = DataRequest.create({ endpoint: '/join', docs })
  joined.parts = [
    { from: 'left', count: 1 },
    { from: 'right', count: 2 },
  ]
  return joined
}

test('a request in parts goes to a server of others as a list of requests', async () => {
  let seen: DataRequest['parts']
  const { channel } = await connect(
    {
      onList(given) {
        seen = given.parts
        return given
      },
    },
    { sendsParts: true },
  )
  const answer = await channel.handle(inParts(), callOf())
  expect(seen).toEqual(inParts().parts)
  expect(answer.docs.texts).toEqual(['a', 'b', 'c'])
  expect(answer.parts).toBeUndefined()
})

test('a server that takes no lists is named with what to do, and was not asked to run anything', async () => {
  const { channel } = await connect({ onSingle: (given) => given }, { sendsParts: true })
  await expect(channel.handle(inParts(), callOf())).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    notRun: true,
    message: expect.stringMatching(/takes one request.*reduce: false/),
  })
  expect((await channel.handle(request(), callOf())).docs.texts).toEqual(['a'])
})

test('a stream of one document does not take the documents of several branches', async () => {
  const { channel } = await connect({ onStreamDoc: async function* () {} }, { sendsParts: true })
  await expect(channel.handle(inParts(), callOf({ items: new Items() }))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('those of all branches together'),
  })
})
