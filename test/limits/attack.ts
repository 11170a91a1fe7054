// Attacks a gateway, and prints the memory of the Flow's program and the latency of another client meanwhile.
// `node --import tsx test/limits/attack.ts [name …]`; MILLRACE=/path/dist/index.js for another build. Loopback only; each
// attack is bounded by number and time.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect as connectTcp, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { deflateSync, gzipSync } from 'node:zlib'
import { Document, DocumentArray } from '../../src/document/index.js'
import { DataRequest } from '../../src/wire/data-request.js'

const unary = '/jina.JinaSingleDataRequestRPC/process_single_data'
const call = '/jina.JinaRPC/Call'
const mb = 1024 * 1024

interface Target {
  readonly port: number
  readonly child: ChildProcess
  session(options?: object): Promise<ClientHttp2Session>
  socket(): Promise<Socket>
}

type Attack = (target: Target) => Promise<void>

const attacks: Record<string, { readonly flow?: object; readonly seconds: number; readonly run: Attack }> = {
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
  'one large message': { seconds: 12, run: (target) => large(target, {}) },
  'one large message, gzip': { seconds: 12, run: (target) => large(target, { 'grpc-encoding': 'gzip' }) },
  'a large answer': { seconds: 8, run: largeAnswer },
  'headers without an end': { seconds: 20, run: endlessHeaders },
  'silent connections': { seconds: 15, run: silent },
  'no end of stream': { seconds: 20, run: noEnd },
}

function zeroes(bytes: number): Buffer {
  return Buffer.alloc(bytes)
}

function framed(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5)
  head[0] = compressed ? 1 : 0
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

function request(endpoint: string, parameters: Record<string, unknown> = {}, blobBytes = 1): Uint8Array {
  const docs = new DocumentArray([new Document({ blob: new Uint8Array(blobBytes).fill(1) })])
  return DataRequest.create({ endpoint, parameters, docs }).encode()
}

function open(session: ClientHttp2Session, path: string, headers: object = {}): ClientHttp2Stream {
  const stream = session.request(
    { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
    { endStream: false },
  )
  stream.on('error', () => {})
  return stream
}

const outcomes = new Map<string, number>()

function note(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

function watch(stream: ClientHttp2Stream): void {
  let status: string | undefined
  const look = (headers: IncomingHttpHeaders): void => {
    if (headers['grpc-status'] !== undefined)
      status = `grpc ${headers['grpc-status'].toString()} ${decodeURI(
        headers['grpc-message']?.toString() ?? '',
      )
        .replaceAll(/\d+/g, 'N')
        .slice(0, 150)}`
  }
  stream.on('response', look)
  stream.on('trailers', look)
  stream.on('close', () => note(status ?? `reset ${stream.rstCode}`))
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
  // stop reading the socket itself
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

/** One request of nearly the maximum size. */
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

const sockets = new WeakMap<ClientHttp2Session, Socket>()
const opened: (() => void)[] = []

async function start(flow: object): Promise<Target> {
  const program = fileURLToPath(new URL('./target.mjs', import.meta.url))
  const child = spawn(
    process.execPath,
    [...(process.env.NODE_FLAGS?.split(' ') ?? []), program, JSON.stringify(flow)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(String(line))
  return {
    port,
    child,
    async session(options = {}) {
      const socket = connectTcp(port, '127.0.0.1')
      const session = connect(`http://127.0.0.1:${port}`, {
        createConnection: () => socket,
        maxSessionMemory: 100_000,
        ...options,
      })
      sockets.set(session, socket)
      session.on('error', () => note('session error'))
      session.on('goaway', (code) => note(`goaway ${code}`))
      opened.push(() => session.destroy())
      await once(session, 'connect')
      return session
    },
    async socket() {
      const socket = connectTcp(port, '127.0.0.1')
      socket.on('error', () => {})
      opened.push(() => socket.destroy())
      await once(socket, 'connect')
      return socket
    },
  }
}

function rss(pid: number): number {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1024)
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Another client, which sends one request after the other to the health service, which needs no replica. */
async function probe(
  port: number,
  latencies: number[],
  failures: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const session = connect(`http://127.0.0.1:${port}`)
  session.on('error', () => {})
  while (!signal.aborted) {
    const began = performance.now()
    const outcome = await new Promise<string>((resolve) => {
      const stream = open(session, '/grpc.health.v1.Health/Check')
      let status = ''
      const look = (headers: IncomingHttpHeaders): void =>
        void (status = headers['grpc-status']?.toString() ?? status)
      stream.on('response', look)
      stream.on('trailers', look)
      stream.on('close', () => resolve(status))
      stream.resume()
      stream.end(framed(new Uint8Array()))
    })
    latencies.push(performance.now() - began)
    if (outcome !== '0') failures.set(outcome, (failures.get(outcome) ?? 0) + 1)
    await pause(20)
  }
  session.destroy()
}

async function measure(name: string): Promise<void> {
  const { flow = {}, seconds, run } = attacks[name]!
  const target = await start({ graceMs: 2000, ...flow })
  const pid = target.child.pid!
  await pause(500)
  const before = rss(pid)
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, rss(pid))), 50)
  const latencies: number[] = []
  const failures = new Map<string, number>()
  const over = new AbortController()
  const probing = probe(target.port, latencies, failures, over.signal)
  await pause(500)
  latencies.length = 0
  outcomes.clear()
  await Promise.race([run(target), pause(seconds * 1000)])
  await pause(seconds * 1000)
  const after = rss(pid)
  over.abort()
  await Promise.race([probing, pause(2000)])
  clearInterval(timer)
  latencies.sort((a, b) => a - b)
  const closing = once(target.child.stdout!, 'data') as Promise<[Buffer]>
  target.child.stdin!.end()
  const closed = await Promise.race([closing.then(([text]) => String(text).trim()), pause(15_000)])
  console.log(
    `${name}: RSS ${before} MB, at most ${peak}, at the end ${after}; other client p50 ${latencies[latencies.length >> 1]?.toFixed(1)} p99 ${latencies[Math.floor(latencies.length * 0.99)]?.toFixed(0)} max ${latencies.at(-1)?.toFixed(0)} ms, ${failures.size === 0 ? 'no failure' : JSON.stringify([...failures])}; ${closed ?? 'NOT CLOSED after 15 s'}`,
  )
  for (const [outcome, count] of outcomes) console.log(`    ${count} × ${outcome}`)
  target.child.kill('SIGKILL')
  await Promise.race([probing, pause(100)])
  for (const close of opened.splice(0)) close()
}

const names = process.argv.slice(2)
for (const name of Object.keys(attacks))
  if (names.length === 0 || names.some((one) => name.startsWith(one))) await measure(name)
process.exit(0)
