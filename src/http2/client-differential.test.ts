import { once } from 'node:events'
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../lib/clock.js'
import { seeded } from '../lib/seeded.js'
import { ClientConnection } from './client-connection.js'
import { frameFlag, frameHeadBytes, frameType, preface } from './codes.js'
import { type Answered, generatedAnswers } from './generated-answers.suite.js'
import { pieces } from './generated-blocks.suite.js'
import { encodeFields } from './hpack/encoder.js'
import { InMemoryClient } from './in-memory-client.suite.js'
import { frame } from './in-memory-socket.suite.js'
import type { StreamListener } from './stream.js'

/** More with MILLRACE_FUZZ, as a multiple. */
const effort = Number(process.env.MILLRACE_FUZZ ?? 1)

const requests = 4
const head = encodeFields({ ':method': 'POST', ':scheme': 'http', ':path': '/', ':authority': 'here' })

test('the same answers mean the same to nghttp2', async () => {
  for (let seed = 1; seed <= 60 * effort; seed++) {
    const { bytes, sent } = generatedAnswers(seeded(seed), requests)
    expect(await understoodHere(bytes, seeded(seed)), `seed ${seed}`).toEqual(sent)
    expect(await understoodThere(bytes, seeded(seed)), `seed ${seed}`).toEqual(sent)
  }
})

test('answers with mistakes end each call once, and nothing is left', async () => {
  for (let seed = 1; seed <= 300 * effort; seed++) {
    const random = seeded(seed)
    const { bytes } = generatedAnswers(random, requests)
    const wrong = Buffer.from(bytes)
    for (let mistakes = 1 + Math.floor(random() * 4); mistakes > 0; mistakes--)
      wrong[frameHeadBytes + Math.floor(random() * (wrong.length - frameHeadBytes))] = Math.floor(
        random() * 256,
      )
    const client = new InMemoryClient()
    const asked = Array.from({ length: requests }, (_, index) =>
      client.ask(index % 2 === 0 ? 'a' : undefined),
    )
    for (const part of pieces(wrong, random)) await client.receive(part)
    client.socket.destroy()
    await client.receive()
    for (const { closes } of asked) expect(closes, `seed ${seed}`).toHaveLength(1)
    expect(client.connection.isOpen).toBe(false)
  }
})

test('bytes by chance end each call once', async () => {
  for (let seed = 1; seed <= 300 * effort; seed++) {
    const random = seeded(seed)
    const client = new InMemoryClient()
    const asked = Array.from({ length: requests }, () => client.ask('a'))
    await client.receive(frame(frameType.settings))
    for (let part = 0; part < 20; part++) {
      const payload = Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => random() * 256))
      const [type, flags, id] = [random() * 11, random() * 256, random() * 10].map(Math.floor)
      await client.receive(frame(type!, { flags: flags!, id: id!, payload }))
    }
    client.socket.destroy()
    await client.receive()
    for (const { closes } of asked) expect(closes, `seed ${seed}`).toHaveLength(1)
  }
})

/** A server that has read all requests once the client's ping arrives, and sends these bytes and the answer to the ping then. */
async function scripted(bytes: Buffer, random: () => number): Promise<number> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    let read = Buffer.alloc(0)
    let at = preface.length
    socket.on('data', (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      while (at + frameHeadBytes <= read.length) {
        const end = at + frameHeadBytes + read.readUIntBE(at, 3)
        if (end > read.length) return
        if (read[at + 3] === frameType.ping && read[at + 4] === 0) {
          const payload = read.subarray(end - 8, end)
          const pong = frame(frameType.ping, { flags: frameFlag.ack, payload })
          for (const part of pieces(Buffer.concat([bytes, pong]), random)) socket.write(part)
        }
        at = end
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function understoodHere(bytes: Buffer, random: () => number): Promise<readonly Answered[]> {
  const socket = connect(await scripted(bytes, random), '127.0.0.1')
  socket.on('error', () => {})
  const answers = await new Promise<Answered[]>((resolve) => {
    const connection = new ClientConnection(socket, {
      clock: systemClock,
      listener: { leaving() {}, pong: () => resolve(all) },
      windows: { stream: 1024 * 1024, connection: 16 * 1024 * 1024 },
      headLimits: { maxListBytes: 64 * 1024, maxFields: 128 },
    })
    const all = Array.from({ length: requests }, () => {
      const answer = nothing()
      connection.request(head, recorder(answer))!.end(Buffer.alloc(0))
      return answer
    })
    connection.ping()
  })
  socket.destroy()
  return answers
}

function recorder(answer: Answered): StreamListener {
  let isOver = false
  return {
    head: ({ headers }) => (answer.headers = sorted(headers)),
    data: (chunk) => (answer.body += chunk.toString('latin1')),
    trailers: (headers) => (answer.trailers = sorted(headers)),
    ended: () => (answer.end = 'complete'),
    drained() {},
    closed(code, end) {
      expect(isOver).toBe(false)
      isOver = true
      if (end === 'peer') answer.end = code
    },
  }
}

async function understoodThere(bytes: Buffer, random: () => number): Promise<readonly Answered[]> {
  const session = connectHttp2(`http://127.0.0.1:${await scripted(bytes, random)}`)
  session.on('error', () => {})
  await once(session, 'connect')
  const answers = Array.from({ length: requests }, () => askedOf(session))
  await new Promise((resolve) => session.ping(resolve))
  // streams of Node emit their last events in later ticks
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
  const result = answers.map((answer) => ({ ...answer }))
  session.destroy()
  return result
}

function askedOf(session: ClientHttp2Session): Answered {
  const answer = nothing()
  const stream = session.request({ ':method': 'POST', ':path': '/' })
  stream.end()
  stream.on('error', () => {})
  stream.on('response', (headers) => (answer.headers = sorted(headers)))
  stream.on('trailers', (headers) => (answer.trailers = sorted(headers)))
  stream.on('data', (chunk: Buffer) => (answer.body += chunk.toString('latin1')))
  stream.on('end', () => (answer.end ??= 'complete'))
  stream.on('close', () => {
    if (stream.rstCode !== 0) answer.end = stream.rstCode
  })
  return answer
}

function nothing(): Answered {
  return { headers: undefined, body: '', trailers: undefined, end: undefined }
}

function sorted(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .map(([name, value]) => [name, String(value)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}
