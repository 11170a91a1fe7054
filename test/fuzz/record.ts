// Records what real clients send to a Flow, and what real servers answer to this project's client, for the fuzz:
// `node --import tsx test/fuzz/record.ts` writes recordings.json. Needs what `npm run test:http2` needs.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as grpc from '@grpc/grpc-js'
import { Flow } from 'millrace'
import { Document, DocumentArray } from '../../src/document/index.js'
import { MillraceError } from '../../src/errors.js'
import { GrpcConnection } from '../../src/grpc/client/connection.js'
import { methods } from '../../src/grpc/methods.js'
import { frameHeadBytes, preface } from '../../src/http2/codes.js'
import { DataRequest, type DataRequestInit } from '../../src/wire/data-request.js'
import { call, type CallOptions, languages, LanguageServer } from '../http2/callers/languages.js'
import { recordingsFile } from './recording.js'

type Side = 'clients' | 'servers'

const ghz = fileURLToPath(new URL('../../.cache/bin/ghz', import.meta.url))
const executors = new URL('../http2/callers/executor.mjs', import.meta.url).href

const recordings: Record<Side, object[]> = { clients: [], servers: [] }

function request(init: Partial<DataRequestInit>): DataRequest {
  return DataRequest.create({ endpoint: '/', docs: new DocumentArray([new Document({ id: 'a' })]), ...init })
}

function one(text: string): Buffer {
  return Buffer.from(request({ docs: new DocumentArray([new Document({ text })]) }).encode())
}

const item = (endpoint: string, count: number): Buffer =>
  Buffer.concat(request({ endpoint, parameters: { count } }).encodeSingleDocument())

/** Forwards connections; `sent` resolves with what each side has sent on the one with the most bytes, once all are closed. */
async function recorder(
  port: number,
): Promise<{ readonly port: number; sent(): Promise<Record<Side, Buffer>> }> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connections: Promise<Record<Side, Buffer>>[] = []
  server.on('connection', (near) => connections.push(forward(near, connect(port, '127.0.0.1'))))
  return {
    port: (server.address() as AddressInfo).port,
    async sent() {
      server.close()
      const all = await Promise.all(connections)
      return all.toSorted((a, b) => b.clients.length - a.clients.length)[0]!
    },
  }
}

async function forward(near: Socket, far: Socket): Promise<Record<Side, Buffer>> {
  const chunks: Record<Side, Buffer[]> = { clients: [], servers: [] }
  near.on('data', (chunk: Buffer) => chunks.clients.push(chunk))
  far.on('data', (chunk: Buffer) => chunks.servers.push(chunk))
  near.on('error', () => {}).pipe(far)
  far.on('error', () => {}).pipe(near)
  await new Promise((resolve) => {
    near.once('close', resolve)
    far.once('close', resolve)
  })
  near.destroy()
  far.destroy()
  return { clients: Buffer.concat(chunks.clients), servers: Buffer.concat(chunks.servers) }
}

function framesOf(bytes: Buffer): string[] {
  const frames: string[] = []
  let at = bytes.subarray(0, preface.length).equals(preface) ? preface.length : 0
  while (at + frameHeadBytes <= bytes.length) {
    const end = at + frameHeadBytes + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push(bytes.toString('base64', at, end))
    at = end
  }
  return frames
}

async function record(
  side: Side,
  { from, what, port }: { readonly from: string; readonly what: string; readonly port: number },
  run: (port: number) => Promise<unknown>,
): Promise<void> {
  const connection = await recorder(port)
  await run(connection.port)
  const frames = framesOf((await connection.sent())[side])
  recordings[side].push({ from, what, frames })
  console.log(`${side}: ${from}, ${what}: ${frames.length} frames`)
}

const calls: readonly (readonly [string, string, readonly Buffer[], CallOptions?])[] = [
  ['a call', methods.processSingleData, [one('héllo')]],
  ['a call of 17 KB', methods.processSingleData, [one('text '.repeat(3400))]],
  ['a stream of requests', methods.call, Array.from({ length: 12 }, (_, number) => one(String(number)))],
  ['a stream of documents', methods.streamDoc, [item('/count', 20)]],
  ['a compressed call', methods.processSingleData, [one('compressible '.repeat(1000))], { gzip: true }],
  [
    'a deadline',
    methods.processSingleData,
    [Buffer.from(request({ endpoint: '/wait' }).encode())],
    { timeoutMs: 500 },
  ],
  ['a cancelled stream', methods.streamDoc, [item('/forever', 0)], { cancelAfter: 3 }],
  ['a method that does not exist', '/jina.JinaRPC/Nothing', [one('a')]],
]

async function recordClients(port: number): Promise<void> {
  for (const language of languages) {
    for (const [what, method, messages, options] of calls)
      await record('clients', { from: language.name, what, port }, (proxy) =>
        call(language, `127.0.0.1:${proxy}`, method, messages, options),
      )
  }
  await record('clients', { from: 'grpc-go', what: 'calls at once', port }, async (proxy) => {
    const name = 'jina.JinaSingleDataRequestRPC.process_single_data'
    const running = promisify(execFile)(ghz, [
      ...['--insecure', '--call', name, '--binary', '-n', '24', '-c', '6', '--connections', '1'],
      `127.0.0.1:${proxy}`,
    ])
    running.child.stdin!.end(one('x'.repeat(1000)))
    await running
  })
  await record('clients', { from: 'grpc-js', what: 'calls at once', port }, recordGrpcJs)
  await record('clients', { from: 'node:http2', what: 'requests at once', port }, recordNode)
  await record('clients', { from: 'millrace', what: 'calls at once', port }, askFromHere)
}

async function recordGrpcJs(port: number): Promise<void> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  const unchanged = (bytes: Buffer): Buffer => bytes
  const ask = (path: string, message: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const stream = client.makeBidiStreamRequest(path, unchanged, unchanged)
      stream
        .on('data', () => {})
        .on('error', () => resolve())
        .on('end', resolve)
      stream.end(message)
    })
  const sizes = Array.from({ length: 10 }, (_, index) => 10 * 4 ** (index % 5))
  await Promise.all([
    ...sizes.map((size) => ask(methods.processSingleData, one('y'.repeat(size)))),
    ask(methods.healthCheck, Buffer.alloc(0)),
    ask(methods.streamDoc, item('/count', 5)),
  ])
  client.close()
}

async function recordNode(port: number): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  const ask = (body: Buffer): Promise<unknown> => {
    const stream = session.request({
      ':method': 'POST',
      ':path': methods.processSingleData,
      'content-type': 'application/grpc',
      te: 'trailers',
      'grpc-timeout': '20S',
      'x-request': `number ${body.length}`,
    })
    stream.resume().end(Buffer.concat([Buffer.of(0, 0, 0, body.length >> 8, body.length & 255), body]))
    return once(stream, 'close')
  }
  await Promise.all(Array.from({ length: 8 }, (_, index) => ask(one('z'.repeat(1 + 400 * index)))))
  await new Promise((resolve) => session.ping(resolve))
  session.close()
  await once(session, 'close')
}

/** Calls of every kind by this project's client. */
async function askFromHere(port: number): Promise<void> {
  const connection = new GrpcConnection({ host: '127.0.0.1', port, tls: false, maxMessageBytes: 2 ** 28 })
  const unlimited = { deadline: Number.POSITIVE_INFINITY, headers: {} }
  const sizes = [0, 10, 100, 1000, 17_000]
  await Promise.all(
    sizes.map((size) => connection.unary(methods.processSingleData, one('a'.repeat(size)), unlimited)),
  )
  await connection.serverStream(methods.streamDoc, item('/count', 6), {
    deadline: Date.now() + 20_000,
    headers: { 'x-repeat': '6' },
    take() {},
  })
  connection.close(new MillraceError('CANCELLED', 'the recording ends'))
}

async function recordServers(flow: Flow): Promise<void> {
  for (const language of languages) {
    const server = await LanguageServer.start(language)
    await record('servers', { from: language.name, what: 'answers', port: server.port }, askFromHere)
    await record('servers', { from: language.name, what: 'a failure', port: server.port }, async (proxy) => {
      const peer = { host: '127.0.0.1', port: proxy, tls: false, maxMessageBytes: 2 ** 28 }
      const connection = new GrpcConnection(peer)
      const options = { deadline: Number.POSITIVE_INFINITY, headers: { 'x-code': '9' } }
      await connection.unary(methods.processSingleData, one('b'), options).catch(() => {})
      connection.close(new MillraceError('CANCELLED', 'the recording ends'))
    })
    server.kill()
  }
  await record('servers', { from: 'millrace', what: 'answers', port: flow.port }, askFromHere)
  await record('servers', { from: 'node:http2', what: 'answers', port: await grpcJsServer() }, askFromHere)
}

/** An echo server of grpc-js, whose frames are those of node:http2. */
async function grpcJsServer(): Promise<number> {
  const server = new grpc.Server()
  const unchanged = (bytes: Buffer): Buffer => bytes
  const how = {
    requestStream: true,
    responseStream: true,
    requestSerialize: unchanged,
    requestDeserialize: unchanged,
    responseSerialize: unchanged,
    responseDeserialize: unchanged,
  } // prettier-ignore
  const echo: grpc.handleBidiStreamingCall<Buffer, Buffer> = (stream) => {
    stream.on('data', (message: Buffer) => stream.write(message)).on('end', () => stream.end())
  }
  server.addService(
    {
      unary: { path: methods.processSingleData, ...how },
      stream: { path: methods.streamDoc, ...how },
    },
    { unary: echo, stream: echo },
  )
  return promisify(server.bindAsync.bind(server))('127.0.0.1:0', grpc.ServerCredentials.createInsecure())
}

const flow = new Flow({ host: '127.0.0.1', quiet: true }).add({
  name: 'answers',
  uses: `${executors}#Answers`,
})
await flow.start()
for (const language of languages) await language.prepare()
await recordClients(flow.port)
await recordServers(flow)
await flow.close()
await writeFile(recordingsFile, `${JSON.stringify(recordings, null, 1)}\n`)
process.exit(0)
