// What a hostile or a greedy client does. Each attack is bounded in number and time.
import { once } from 'node:events'
import type { ClientHttp2Session } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import { Document, DocumentArray } from '../../src/document/index.js'
import { DataRequest } from '../../src/wire/data-request.js'
import { call, framed, note, open, pause, sockets, type Target, unary, watch } from './peer.js'

const mb = 1024 * 1024

type Attack = (target: Target) => Promise<void>

export interface Plan {
  readonly flow?: object
  /** The stage is a Flow in another process. */
  readonly external?: boolean
  readonly seconds: number
  readonly run: Attack
}

export const attacks: Record<string, Plan> = {
  nothing: { seconds: 8, run: () => pause(100) },
  gzip: { seconds: 15, run: (target) => bombs(target, gzipSync(zeroes(200 * mb)), 'gzip') },
  deflate: { seconds: 15, run: (target) => bombs(target, deflateSync(zeroes(60 * mb)), 'deflate', 60) },
  'uploads, one byte short, 50 connections': { seconds: 25, run: (target) => uploads(target, 50) },
  'uploads, one byte short, 2 connections': { seconds: 25, run: (target) => uploads(target, 2) },
  'uploads with a deadline': { seconds: 25, run: (target) => uploads(target, 4, { 'grpc-timeout': '5S' }) },
  'half prefixes': { seconds: 15, run: halfPrefixes },
  'unread answers': { seconds: 25, run: (target) => unread(target, { reads: false }) },
  'unread answers, window zero': { seconds: 25, run: (target) => unread(target, { reads: true }) },
  'slow handler, Call': { seconds: 25, run: slowStreams },
  'blocked replica': { seconds: 20, run: blockedReplica },
  'blocked external server': { external: true, seconds: 20, run: blockedServer },
  'one large message': { seconds: 12, run: (target) => large(target, {}) },
  'one large message, gzip': { seconds: 12, run: (target) => large(target, { 'grpc-encoding': 'gzip' }) },
  'three large messages': {
    seconds: 20,
    run: async (target) => void (await Promise.all([1, 2, 3].map(() => large(target, {})))),
  },
  'as many documents as allowed': { seconds: 15, run: (target) => documents(target, 500_000) },
  'as many documents as allowed, by key': {
    flow: { shards: 2 },
    seconds: 15,
    run: (target) => documents(target, 500_000),
  },
  'as many parameters as allowed': { seconds: 10, run: (target) => parameters(target, 60_000) },
  'as deep parameters as allowed': { seconds: 10, run: (target) => parameters(target, 60) },
  'one large message, by key': { flow: { shards: 2 }, seconds: 15, run: (target) => large(target, {}) },
  'a large answer of two shards': { flow: { shards: 2 }, seconds: 12, run: largeAnswer },
  'small requests on one stream': { seconds: 20, run: (target) => small(target, 100_000) },
  'as many small answers as allowed': { seconds: 15, run: manyAnswers },
  'a large answer': { seconds: 8, run: largeAnswer },
  'headers without an end': { seconds: 20, run: endlessHeaders },
  'silent connections': { seconds: 15, run: silent },
  'no end of stream': { seconds: 20, run: noEnd },
}

function zeroes(bytes: number): Buffer {
  return Buffer.alloc(bytes)
}

function request(endpoint: string, parameters: Record<string, unknown> = {}, blobBytes = 1): Uint8Array {
  const docs = new DocumentArray([new Document({ blob: new Uint8Array(blobBytes).fill(1) })])
  return DataRequest.create({ endpoint, parameters, docs }).encode()
}

async function bombs(target: Target, bytes: Buffer, encoding: string, count = 12): Promise<void> {
  const session = await target.session()
  for (let index = 0; index < count; index++) {
    const stream = open(session, unary, { 'grpc-encoding': encoding })
    watch(stream)
    stream.resume()
    stream.end(framed(bytes, true))
  }
}

async function uploads(target: Target, connections: number, headers: object = {}): Promise<void> {
  const body = framed(request('/echo', {}, 8 * mb)).subarray(0, -1)
  const sessions = await Promise.all(Array.from({ length: connections }, () => target.session()))
  for (let index = 0; index < 200; index++) {
    const stream = open(sessions[index % connections]!, unary, headers)
    watch(stream)
    stream.resume()
    stream.write(body)
    if (index % 10 === 9) await pause(50)
  }
}

async function halfPrefixes(target: Target): Promise<void> {
  for (let connection = 0; connection < 20; connection++) {
    const session = await target.session()
    for (let index = 0; index < 1000; index++) {
      const stream = open(session, index % 2 === 0 ? unary : call)
      watch(stream)
      stream.write(Buffer.from([0, 0, 255]))
    }
    await pause(100)
  }
}

async function unread(target: Target, { reads }: { readonly reads: boolean }): Promise<void> {
  const session = await target.session({ settings: { initialWindowSize: reads ? 0 : 2 ** 31 - 1 } })
  if (!reads) session.setLocalWindowSize(2 ** 31 - 1)
  for (let index = 0; index < 150; index++) {
    const stream = open(session, unary)
    watch(stream)
    stream.end(framed(request('/big', { bytes: 10 * mb })))
    if (reads) stream.resume()
  }
  await pause(200)
  // the socket itself is not read any more
  if (!reads) stopReading(session)
}

function stopReading(session: ClientHttp2Session): void {
  const socket = sockets.get(session)
  ;(socket as unknown as { _handle: { readStop(): void } } | undefined)?._handle.readStop()
}

async function slowStreams(target: Target): Promise<void> {
  const body = framed(request('/slow', { ms: 15_000 }, 2 * mb))
  for (let connection = 0; connection < 10; connection++) {
    const session = await target.session()
    for (let index = 0; index < 10; index++) {
      const stream = open(session, call)
      watch(stream)
      stream.resume()
      for (let message = 0; message < 15; message++) stream.write(body)
    }
    await pause(200)
  }
}

async function blockedReplica(target: Target): Promise<void> {
  const sessions = await Promise.all(Array.from({ length: 4 }, () => target.session()))
  open(sessions[0]!, unary).end(framed(request('/hang', { ms: 18_000 })))
  await pause(300)
  await megabytes(sessions)
}

async function blockedServer(target: Target): Promise<void> {
  const sessions = await Promise.all(Array.from({ length: 4 }, () => target.session()))
  process.kill(target.external!, 'SIGSTOP')
  await megabytes(sessions)
  process.kill(target.external!, 'SIGCONT')
}

/** For 12 s, 1 MB every 5 ms, with a deadline of 1 s. */
async function megabytes(sessions: readonly ClientHttp2Session[]): Promise<void> {
  const body = framed(request('/echo', {}, mb))
  const end = performance.now() + 12_000
  for (let index = 0; performance.now() < end; index++) {
    const stream = open(sessions[index % 4]!, unary, { 'grpc-timeout': '1S' })
    watch(stream)
    stream.resume()
    stream.end(body)
    await pause(5)
  }
}

/** One request of nearly the largest size that is allowed. */
async function large(target: Target, headers: object): Promise<void> {
  const session = await target.session({ settings: { initialWindowSize: 2 ** 28 } })
  const bytes = request('/echo', {}, 200 * mb)
  const stream = open(session, unary, headers)
  watch(stream)
  stream.resume()
  stream.end('grpc-encoding' in headers ? framed(gzipSync(bytes, { level: 1 }), true) : framed(bytes))
}

async function largeAnswer(target: Target): Promise<void> {
  const session = await target.session({ settings: { initialWindowSize: 2 ** 28 } })
  const stream = open(session, unary)
  watch(stream)
  stream.resume()
  stream.end(framed(request('/big', { bytes: 200 * mb })))
}

/** One request of so many small documents. */
async function documents(target: Target, count: number): Promise<void> {
  const docs = new DocumentArray(
    Array.from({ length: count }, (_, index) => new Document({ id: `${index}` })),
  )
  await one(target, DataRequest.create({ endpoint: '/echo', docs }).encode())
}

async function parameters(target: Target, count: number): Promise<void> {
  const wide = Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, index]))
  let deep: Record<string, unknown> = wide
  for (let level = 0; count < 64 && level < count; level++) deep = { deep }
  await one(target, request('/echo', deep))
  await one(target, request('/unknown', deep))
}

async function manyAnswers(target: Target): Promise<void> {
  await one(target, request('/many', { documents: 1_000_000 }))
}

async function one(target: Target, bytes: Uint8Array): Promise<void> {
  const session = await target.session({ settings: { initialWindowSize: 2 ** 28 } })
  const stream = open(session, unary)
  watch(stream)
  stream.resume()
  stream.end(framed(bytes))
}

/** So many requests on one stream, as fast as they are taken. */
async function small(target: Target, count: number): Promise<void> {
  const session = await target.session()
  const stream = open(session, call)
  watch(stream)
  stream.resume()
  const batch = Buffer.concat(Array.from({ length: 100 }, () => framed(request('/echo'))))
  for (let sent = 0; sent < count; sent += 100)
    if (!stream.closed && !stream.write(batch)) await once(stream, 'drain').catch(() => {})
  stream.end()
}

async function endlessHeaders(target: Target): Promise<void> {
  const head = Buffer.from('000010010000000001', 'hex')
  const more = Buffer.from('000040090000000001', 'hex')
  for (let index = 0; index < 200; index++) {
    const socket = await target.socket()
    socket.resume()
    socket.on('close', () => note('socket closed'))
    socket.write(
      Buffer.concat([
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        Buffer.from('000000040000000000', 'hex'),
        head,
        Buffer.alloc(16, 0),
      ]),
    )
    for (let frame = 0; frame < 50; frame++) socket.write(Buffer.concat([more, Buffer.alloc(64)]))
  }
}

async function silent(target: Target): Promise<void> {
  for (let index = 0; index < 3000; index++) {
    const socket = await target.socket().catch(() => undefined)
    if (index % 3 === 1) socket?.write('PRI * HT')
    if (index % 3 === 2) socket?.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00')
    socket?.on('close', () => note('socket closed'))
  }
}

async function noEnd(target: Target): Promise<void> {
  for (let connection = 0; connection < 10; connection++) {
    const session = await target.session()
    for (let index = 0; index < 500; index++) {
      const stream = open(session, unary)
      watch(stream)
      stream.resume()
      stream.write(framed(request('/echo', {}, 20_000)))
    }
    await pause(100)
  }
}
