import { once } from 'node:events'
import {
  connect as connectHttp2,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seeded } from '../lib/seeded.js'
import { systemClock } from '../lib/clock.js'
import { frameType } from './codes.js'
import { Http2Connection } from './connection.js'
import { pieces } from './generated-blocks.suite.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, hello, InMemory } from './in-memory.suite.js'
import { generated } from './generated-frames.suite.js'

/** More with MILLRACE_FUZZ, as a multiple. */
const effort = Number(process.env.MILLRACE_FUZZ ?? 1)

/** What a server has understood. */
interface Understood {
  readonly headers: Record<string, string>
  body: string
  isComplete: boolean
}

type Understanding = Understood[]

/** What a header may hold, besides control characters. */
const latin1 = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => !/[\0-\x1f\x7f]/.test(character),
)

const closed = frame(frameType.ping, { payload: Buffer.from('the end!') })
const head = encodeFields({ ':status': '200' })

let ours: Server
let theirs: Server
/** Of the connection made last. */
let understood: Understanding = []

beforeAll(async () => {
  ours = createServer((socket) => serveOurs(socket))
  theirs = createHttp2Server({ settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024 } }).on(
    'stream',
    (stream: ServerHttp2Stream, headers) => serveTheirs(stream, headers),
  ) as unknown as Server
  for (const server of [ours, theirs]) await once(server.listen(0, '127.0.0.1'), 'listening')
})

afterAll(() => {
  ours.close()
  theirs.close()
})

test('the same bytes mean the same to nghttp2', async () => {
  for (let seed = 1; seed <= 60 * effort; seed++) {
    const { bytes, sent } = generated(seeded(seed))
    const here = await understoodBy(ours, bytes, seeded(seed))
    const there = await understoodBy(theirs, bytes, seeded(seed))
    expect(here, `seed ${seed}`).toEqual(sent)
    expect(there, `seed ${seed}`).toEqual(sent)
  }
})

test('headers that nghttp2 compresses arrive as they were', async () => {
  const random = seeded(1)
  const session = connectHttp2(`http://127.0.0.1:${(ours.address() as AddressInfo).port}`)
  await once(session, 'remoteSettings')
  const sent = Array.from({ length: 200 }, () => {
    const text = Array.from(
      { length: Math.floor(random() * 60) },
      () => latin1[Math.floor(random() * latin1.length)],
    )
    return { ':method': 'POST', ':path': '/', [`x-${Math.floor(random() * 30)}`]: `<${text.join('')}>` }
  })
  for (const headers of sent) session.request(headers).on('error', () => {})
  await new Promise((resolve) => session.ping(resolve))
  expect(understood.map(({ headers }) => headers)).toEqual(
    sent.map((headers) => expect.objectContaining(headers)),
  )
  session.destroy()
})

test('bytes with mistakes end in an answer, and everything is given back', async () => {
  for (let seed = 1; seed <= 150 * effort; seed++) {
    const random = seeded(seed)
    const { bytes } = generated(random)
    const wrong = Buffer.from(bytes)
    for (let mistakes = 1 + Math.floor(random() * 4); mistakes > 0; mistakes--)
      wrong[hello.length + Math.floor(random() * (wrong.length - hello.length))] = Math.floor(random() * 256)
    const body = Buffer.alloc(1 + Math.floor(random() * 100_000))
    let written = 0
    const peer = new InMemory({
      onEnd({ stream }) {
        stream.respond(head)
        written += body.length
        stream.write([body], body.length)
        stream.end(encodeFields({ 'grpc-status': '0' }))
      },
    })
    for (const part of pieces(wrong, random)) await peer.receive(part)
    peer.destroy()
    await peer.receive()
    for (const { closes } of peer.requests) expect(closes, `seed ${seed}`).toHaveLength(1)
    expect(peer.released, `seed ${seed}`).toBeLessThanOrEqual(written)
    expect(peer.connection.streams).toBe(0)
  }
})

function serveOurs(socket: Socket): void {
  const requests: Understanding = []
  understood = requests
  socket.on('error', () => {})
  new Http2Connection(socket, {
    clock: systemClock,
    listener: {
      request(stream, headers) {
        const request: Understood = { headers: { ...headers }, body: '', isComplete: false }
        requests.push(request)
        stream.listener = {
          data: (chunk) => void (request.body += chunk.toString('latin1')),
          ended: () => void (request.isComplete = true),
          drained() {},
          closed() {},
        }
      },
      released() {},
      mayHold: () => true,
      pong() {},
    },
    windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
    maxStreams: 1000,
    headLimits: { maxListBytes: 64 * 1024, maxFields: 128 },
  })
}

function serveTheirs(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const request: Understood = {
    headers: { ...(headers as Record<string, string>) },
    body: '',
    isComplete: false,
  }
  understood.push(request)
  stream.on('error', () => {})
  stream.on('data', (chunk: Buffer) => (request.body += chunk.toString('latin1')))
  stream.on('end', () => (request.isComplete = !stream.aborted))
}

/** Sends bytes in pieces, and waits for the answer to a ping at their end, or until the server closes. */
async function understoodBy(server: Server, bytes: Buffer, random: () => number): Promise<Understanding> {
  understood = []
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let said = ''
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString('latin1')
      if (said.includes('the end!')) resolve()
    })
    socket.on('close', () => resolve())
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  for (const part of pieces(Buffer.concat([bytes, closed]), random)) socket.write(part)
  await answered
  const result = understood
  // streams of Node emit `end` in a later tick
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  return result.map((request) => ({ ...request, headers: sorted(request.headers) }))
}

function sorted(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
