// What a hostile or a greedy client does over HTTP. Each attack is bounded in number and time.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plan } from './attacks.js'
import { note, opened, pause, type Target } from './peer.js'

const mb = 1024 * 1024
const http = { protocol: ['grpc', 'http'] }

export const httpAttacks: Record<string, Plan> = {
  'HTTP, nothing': { flow: http, seconds: 8, run: () => pause(100) },
  'HTTP, gzip': { flow: http, seconds: 15, run: (target) => bombs(target, gzipSync(json(200)), 'gzip') },
  'HTTP, brotli': { flow: http, seconds: 15, run: (target) => bombs(target, brotli(json(200)), 'br') },
  'HTTP, gzip of gzip': {
    flow: http,
    seconds: 10,
    run: (target) => bombs(target, gzipSync(gzipSync(json(200))), 'gzip, gzip'),
  },
  'HTTP, uploads, one byte short': { flow: http, seconds: 25, run: (target) => uploads(target, 200, 8 * mb) },
  'HTTP, uploads in chunks without an end': { flow: http, seconds: 25, run: chunks },
  'HTTP, a byte a second': { flow: http, seconds: 25, run: slowHeads },
  'HTTP, unread answers': { flow: http, seconds: 25, run: (target) => unread(target, '*/*') },
  'HTTP, unread streams': { flow: http, seconds: 25, run: (target) => unread(target, 'text/event-stream') },
  'HTTP, pipelined': { flow: http, seconds: 15, run: pipelined },
  'HTTP, small numbers': { flow: http, seconds: 20, run: (target) => bodies(target, numbers()) },
  'HTTP, empty documents': { flow: http, seconds: 20, run: (target) => bodies(target, documents()) },
  'HTTP, deep': { flow: http, seconds: 10, run: (target) => bodies(target, deep()) },
  'HTTP, many keys': { flow: http, seconds: 15, run: (target) => bodies(target, keys()) },
  'HTTP, a large answer in JSON': { flow: http, seconds: 15, run: largeAnswer },
  'HTTP, large headers': { flow: http, seconds: 15, run: largeHeads },
  'HTTP, silent connections': { flow: http, seconds: 15, run: silent },
}

/** One document with so many MB of text. */
function json(megabytes: number): Buffer {
  return Buffer.from(`{"data":[{"text":"${' '.repeat(megabytes * mb)}"}]}`)
}

function brotli(bytes: Buffer): Buffer {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
}

function head(path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: 'x', 'content-type': 'application/json', ...headers })
  return `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** A connection whose answers are counted by status. */
async function connection(target: Target): Promise<Socket> {
  const socket = await target.socket()
  let last = ''
  socket.on('data', (chunk: Buffer) => {
    const text = last + chunk.toString('latin1', 0, 4096)
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3})/g)) note(`HTTP ${status}`)
    last = text.slice(-8)
  })
  socket.on('close', () => note('socket closed'))
  opened.push(() => socket.destroy())
  return socket
}

async function bombs(target: Target, bytes: Buffer, encoding: string): Promise<void> {
  for (let index = 0; index < 12; index++) {
    const socket = await connection(target)
    socket.write(head('/echo', { 'content-encoding': encoding, 'content-length': bytes.length }))
    socket.write(bytes)
  }
}

async function uploads(target: Target, connections: number, bytes: number): Promise<void> {
  const body = json(bytes / mb).subarray(0, bytes)
  for (let index = 0; index < connections; index++) {
    const socket = await connection(target)
    socket.write(head('/echo', { 'content-length': bytes + 1 }))
    socket.write(body)
    if (index % 10 === 9) await pause(50)
  }
}

async function chunks(target: Target): Promise<void> {
  const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
  for (let index = 0; index < 50; index++) {
    const socket = await connection(target)
    socket.write(head('/echo', { 'transfer-encoding': 'chunked' }))
    const pump = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pump)
    pump()
  }
}

async function slowHeads(target: Target): Promise<void> {
  const sockets = await Promise.all(Array.from({ length: 500 }, () => connection(target)))
  const text = head('/echo', { 'content-length': 100_000 })
  for (let at = 0; at < 25; at++) {
    for (const [index, socket] of sockets.entries()) {
      // half of them never finish the head, the others send a body by the byte
      if (!socket.destroyed) socket.write(index % 2 === 0 ? text[at]! : at === 0 ? text : '{')
    }
    await pause(1000)
  }
}

async function unread(target: Target, accept: string): Promise<void> {
  const body = JSON.stringify({ data: [{ text: 'a' }], parameters: { bytes: 10 * mb } })
  for (let index = 0; index < 150; index++) {
    const socket = await target.socket()
    socket.on('close', () => note('socket closed'))
    socket.pause()
    socket.write(head('/big', { accept, 'content-length': body.length }) + body)
  }
}

async function pipelined(target: Target): Promise<void> {
  const body = JSON.stringify({ data: [{ text: 'a' }], parameters: { ms: 1000 } })
  const one = head('/slow', { 'content-length': body.length }) + body
  for (let index = 0; index < 20; index++) {
    const socket = await connection(target)
    socket.write(one.repeat(2000))
  }
}

async function bodies(target: Target, body: Buffer): Promise<void> {
  for (let index = 0; index < 12; index++) {
    const socket = await connection(target)
    socket.write(head('/echo', { 'content-length': body.length }))
    socket.write(body)
  }
}

function numbers(): Buffer {
  return Buffer.from(`{"data":[{"tensor":[${'1,'.repeat(20_000_000)}1]}]}`)
}

function documents(): Buffer {
  return Buffer.from(`{"data":[${'{},'.repeat(450_000)}{}]}`)
}

function deep(): Buffer {
  return Buffer.from(`{"data":[{"tags":${'{"a":'.repeat(2_000_000)}1${'}'.repeat(2_000_000)}}]}`)
}

function keys(): Buffer {
  const pairs = Array.from({ length: 1_000_000 }, (_, index) => `"k${index}":{}`)
  return Buffer.from(`{"data":[{"tags":{${pairs.join()}}}]}`)
}

async function largeAnswer(target: Target): Promise<void> {
  const body = JSON.stringify({ data: [{ text: 'a' }], parameters: { bytes: 150 * mb } })
  for (let index = 0; index < 3; index++) {
    const socket = await connection(target)
    socket.write(head('/big', { 'content-length': body.length }) + body)
  }
}

async function largeHeads(target: Target): Promise<void> {
  for (let index = 0; index < 500; index++) {
    const socket = await connection(target)
    socket.write(`POST /echo HTTP/1.1\r\nhost: x\r\n`)
    for (let line = 0; line < 300; line++) socket.write(`x-${line}: ${'y'.repeat(1000)}\r\n`)
    if (index % 50 === 49) await once(socket, 'close').catch(() => {})
  }
}

async function silent(target: Target): Promise<void> {
  for (let index = 0; index < 3000; index++) {
    const socket = await target.socket().catch(() => undefined)
    if (index % 3 === 1) socket?.write('POST /ec')
    if (index % 3 === 2) socket?.write(head('/echo', { 'content-length': 10 }))
    socket?.on('close', () => note('socket closed'))
  }
}
