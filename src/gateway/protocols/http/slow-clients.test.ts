import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { everything, httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()

it.each([
  ['the headers', 'POST /echo HTTP/1.1\r\nhost: a\r\nx-'],
  [
    'the body',
    'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{',
  ],
])('a client that stops in the middle of %s gets 408 and loses the connection', async (_, begun) => {
  const { socket, serving } = await start({ limits: { stallMs: 200 } })
  const sender = await socket()
  sender.write(begun)
  expect(await everything(sender)).toMatch(/^HTTP\/1\.1 408 /)
  expect(serving.budget.used).toBe(0)
})

it('a client that does not read its answer loses the connection, and holds nothing then', async () => {
  const { socket, serving } = await start({
    limits: { stallMs: 300 },
    handle: async (request) => {
      const answer = request.answer()
      answer.docs = new DocumentArray([new Document({ text: 'a'.repeat(40_000_000) })])
      return answer
    },
  })
  const reader = await socket()
  const closed = once(reader, 'close')
  reader.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
  reader.pause()
  await expect.poll(() => serving.budget.used).toBeGreaterThan(40_000_000)
  await expect.poll(() => serving.budget.used).toBe(0)
  reader.resume()
  await closed
})

it('a large answer is read whole by a client that reads', async () => {
  const { client, serving } = await start()
  const text = 'ä'.repeat(5_000_000)
  const answer = await client.postJson({ data: [{ text }] }, '/echo')
  expect(JSON.parse(answer.text).data[0].text).toBe(text)
  await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
})

it('a connection without a request is closed after idleMs', async () => {
  const { socket } = await start({ limits: { stallMs: 200, idleMs: 300 } })
  const idle = await socket()
  const told = everything(idle)
  idle.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  expect(await told).toMatch(/^HTTP\/1\.1 200 /)
})

it('connections give way to new ones only while they have no request', async () => {
  const { client, socket } = await start({ limits: { maxConnections: 1 } })
  const idle = await socket()
  idle.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  await once(idle, 'data')
  const closed = once(idle, 'close')
  expect((await client.get('/')).status).toBe(200)
  await closed
})

/** Sends a piece every 20 ms until the connection is closed; returns what came. */
async function dripped(sender: Socket, piece: string): Promise<string> {
  const chunks: Buffer[] = []
  sender.on('data', (chunk: Buffer) => chunks.push(chunk))
  const timer = setInterval(() => sender.write(piece), 20)
  await new Promise((resolve) => sender.once('close', resolve)) // an error comes first when a piece comes late
  clearInterval(timer)
  return Buffer.concat(chunks).toString()
}

const head = 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'

it.each([
  ['the headers', 'POST /echo HTTP/1.1\r\nhost: a\r\nx-a: '],
  ['the body', `${head}content-length: 90000\r\n\r\n{`],
  ['a chunk', `${head}transfer-encoding: chunked\r\n\r\nffff\r\n{`],
])('a client that sends a byte of %s now and then gets 408 and loses the connection', async (_, begun) => {
  const { socket, serving } = await start({ limits: { stallMs: 200 } })
  const sender = await socket()
  sender.write(begun)
  expect(await dripped(sender, 'a')).toMatch(/^HTTP\/1\.1 408 /)
  await expect.poll(() => serving.budget.used).toBe(0)
})

it('a client that has had an answer loses the connection too when its next request does not come', async () => {
  const { socket } = await start({ limits: { stallMs: 200 } })
  const sender = await socket()
  sender.write('GET / HTTP/1.1\r\nhost: a\r\n\r\nGET /')
  expect((await dripped(sender, 'a')).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 408'])
})

it('a body that arrives steadily for longer than timeoutMs is too late', async () => {
  const { socket } = await start({ limits: { stallMs: 200 }, timeoutMs: 500 })
  const sender = await socket()
  sender.write(`${head}content-length: 9000000\r\n\r\n`)
  expect(await dripped(sender, 'a'.repeat(1000))).toMatch(/^HTTP\/1\.1 (408|504) /)
})
