import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { afterEach, expect, test } from 'vitest'
import { deferred } from '../../../lib/deferred.js'
import { pod, request, startedGateway as start, type TestClient } from '../../fixture.suite.js'
import type { Gateway } from '../../contract.js'
import { parseTimeout } from '../../../grpc/timeout.js'

/** What a client of gRPC's own cannot be made to do, over plain HTTP/2. */

const open: { gateway: Gateway; client: TestClient }[] = []
const sessions: ClientHttp2Session[] = []

async function session(...args: Parameters<typeof start>): Promise<ClientHttp2Session> {
  const started = await start(...args)
  open.push(started)
  const connected = connect(`http://127.0.0.1:${started.client.port}`)
  sessions.push(connected)
  await once(connected, 'connect')
  return connected
}

afterEach(async () => {
  for (const each of sessions.splice(0)) each.destroy()
  for (const { gateway, client } of open.splice(0)) {
    client.close()
    await gateway.close({ graceMs: 0 })
  }
})

const unary = '/jina.JinaSingleDataRequestRPC/process_single_data'

function post(
  from: ClientHttp2Session,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const stream = from.request({
      ':method': 'POST',
      ':path': unary,
      'content-type': 'application/grpc',
      ...headers,
    })
    let all: Record<string, unknown> = {}
    stream.on('response', (response) => {
      all = { ...response }
    })
    stream.on('trailers', (trailers) => {
      all = { ...all, ...trailers }
    })
    stream.on('close', () => resolve(all))
    stream.on('error', reject)
    stream.resume()
    stream.end(body)
  })
}

function message(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

test('a client may ping as often as it likes', async () => {
  const from = await session({ exec: pod() })
  for (let round = 0; round < 20; round++) {
    await new Promise<void>((resolve, reject) =>
      from.ping((error) => (error === null ? resolve() : reject(error))),
    )
  }
  expect(await post(from, {}, message(request().encode()))).toMatchObject({ 'grpc-status': '0' })
})

test('the deadline of a call ends it here too, and aborts the executor', async () => {
  const aborted = deferred<unknown>()
  const from = await session({
    slow: pod((_, { signal }) => {
      signal.addEventListener('abort', () => aborted.resolve(signal.reason))
      return new Promise(() => {})
    }),
  })
  const answer = await post(from, { 'grpc-timeout': '1S' }, message(request().encode()))
  expect(answer).toMatchObject({ 'grpc-status': '4' })
  expect(await aborted.promise).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

test('what is not gRPC is refused, and the connection goes on', async () => {
  const from = await session({ exec: pod() })
  expect(await post(from, { 'content-type': 'text/plain' }, Buffer.from('hello'))).toMatchObject({
    ':status': 415,
  })
  expect(await post(from, { 'grpc-timeout': 'soon' }, message(request().encode()))).toMatchObject({
    'grpc-status': '3',
  })
  expect(await post(from, {}, new Uint8Array())).toMatchObject({ 'grpc-status': '3' })
  const two = Buffer.concat([message(request().encode()), message(request().encode())])
  expect(await post(from, {}, two)).toMatchObject({ ':status': 200 })
  expect(await post(from, { 'grpc-encoding': 'zstd' }, Buffer.from([1, 0, 0, 0, 1, 0]))).toMatchObject({
    'grpc-status': '12',
  })
  expect(await post(from, {}, message(request().encode()))).toMatchObject({ 'grpc-status': '0' })
})

test.each([
  [undefined, Number.POSITIVE_INFINITY],
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['3S', 3000],
  ['4m', 4],
  ['5000u', 5],
  ['123456789S', Number.NaN],
  ['-1S', Number.NaN],
  ['1', Number.NaN],
])('grpc-timeout %s is %d ms', (text, ms) => {
  expect(parseTimeout(text)).toBe(ms)
})
