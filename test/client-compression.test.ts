import * as grpc from '@grpc/grpc-js'
import { Client, Document, type DocumentArray, Executor, Flow, requests } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { methods } from '../src/grpc/methods.js'
import { CountingRelay } from './support/counting-relay.js'

const text = 'compressible '.repeat(50_000)

class Echo extends Executor {
  @requests('/echo')
  echo(): void {}

  @requests('/fail')
  fail(): void {
    throw new RangeError('the wheel is broken')
  }

  @requests('/spell')
  async *spell(docs: DocumentArray) {
    for (const letter of docs.at(0)!.text) yield new Document({ text: letter.repeat(20_000) })
  }
}

function controller() {
  const one = new AbortController()
  return { signal: one.signal, abort: () => one.abort() }
}

const flow = new Flow({ host: '127.0.0.1', quiet: true, protocol: ['grpc', 'http'] }).add({
  name: 'echo',
  uses: Echo,
  runtime: 'inline',
})
beforeAll(() => flow.start())
afterAll(() => flow.close())

describe.each(['grpc', 'http'])('over %s', (scheme) => {
  const open = (port: number): Client =>
    new Client({ host: `${scheme}://127.0.0.1:${port}`, compression: 'gzip' })

  it('requests and answers are compressed', async () => {
    const relay = await CountingRelay.start(flow.port)
    const client = open(relay.port)
    const answer = await client.post('/echo', [text])
    await client.close()
    await relay.close()
    expect(answer.texts).toEqual([text])
    expect(relay.sent).toBeLessThan(text.length / 20)
    expect(relay.received).toBeLessThan(text.length / 20)
  })

  it('large and small requests get their own answers, in their order', async () => {
    await using client = open(flow.port)
    const texts = Array.from({ length: 120 }, (_, index) =>
      `${index} `.repeat(index % 3 === 0 ? 20_000 : index),
    )
    const answered: string[] = []
    const options = { requestSize: 1, resultsInOrder: true }
    for await (const { docs } of client.stream('/echo', texts, options)) answered.push(...docs.texts)
    expect(answered).toEqual(texts)
  })

  it('documents of a generator arrive one by one', async () => {
    await using client = open(flow.port)
    const letters: string[] = []
    for await (const { text: letter } of client.streamDoc('/spell', { text: 'abc' })) letters.push(letter[0]!)
    expect(letters).toEqual(['a', 'b', 'c'])
  })

  it('an error is told', async () => {
    await using client = open(flow.port)
    await expect(client.post('/fail', [text])).rejects.toMatchObject({ code: 'EXECUTOR_FAILED' })
  })

  it('a request that is aborted while it is compressed is not sent', async () => {
    const relay = await CountingRelay.start(flow.port)
    const client = open(relay.port)
    await client.isReady()
    const before = relay.sent
    const { signal, abort } = controller()
    const answer = client.post('/echo', ['x'.repeat(10_000_000)], { signal })
    setImmediate(abort)
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' })
    await client.close()
    await relay.close()
    expect(relay.sent - before).toBeLessThan(1000)
  })
})

describe('a server of grpc-js', () => {
  /** Answers each request with what it got, compressed. */
  async function serve(answer: (request: Buffer) => Buffer) {
    const server = new grpc.Server({
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    })
    const same = (bytes: Buffer): Buffer => bytes
    const echo = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    }
    server.addService(
      { call: { path: methods.call, requestStream: true, responseStream: true, ...echo } },
      {
        call(stream: grpc.ServerDuplexStream<Buffer, Buffer>) {
          stream.on('data', (request) => stream.write(answer(request)))
          stream.on('end', () => stream.end())
        },
      },
    )
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      )
    })
    return { port, [Symbol.dispose]: () => server.forceShutdown() }
  }

  it('reads what the client compresses, and is read', async () => {
    using server = await serve((request) => request)
    await using client = new Client({ host: `grpc://127.0.0.1:${server.port}`, compression: 'gzip' })
    expect((await client.post('/', [text, 'short'])).texts).toEqual([text, 'short'])
  })

  it('whose answer unpacks to more than maxMessageBytes is refused', async () => {
    using server = await serve(() => Buffer.alloc(50_000_000))
    const host = `grpc://127.0.0.1:${server.port}`
    await using client = new Client({ host, compression: 'gzip', maxMessageBytes: 1_000_000 })
    await expect(client.post('/', ['a'])).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('maxMessageBytes'),
    })
  })
})

it.each([
  [{ host: 'ws://127.0.0.1:1', compression: 'gzip' }, /compression of Client is for gRPC and HTTP/],
  [
    { host: 'grpc://127.0.0.1:1', compression: 'br' },
    /compression of Client must be 'gzip' or null, not 'br'/,
  ],
])('%j is refused', (options, why) => {
  expect(() => new Client(options as ConstructorParameters<typeof Client>[0])).toThrow(why)
})
