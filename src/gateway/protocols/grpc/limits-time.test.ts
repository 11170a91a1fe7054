import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { DataRequest } from '../../../wire/data-request.js'
import {
  flags,
  frameTypes,
  headerBlock,
  hello,
  open,
  paths,
  post,
  prefixed,
  raw,
  serversOfTests,
} from './server.suite.js'

const start = serversOfTests()
const mb = 1024 * 1024

function requestOf(bytes: number): Uint8Array {
  const docs = new DocumentArray([new Document({ blob: new Uint8Array(bytes) })])
  return DataRequest.create({ endpoint: '/a', docs }).encode()
}

describe('a client that stops', () => {
  test.each([
    ['before the first byte', new Uint8Array()],
    ['within the prefix', prefixed(new Uint8Array(9)).subarray(0, 3)],
    ['one byte before the end', prefixed(requestOf(100_000)).subarray(0, -1)],
  ])('%s loses the call, and is told why', async (_when, body) => {
    const { session, budget } = await start({ limits: { stallMs: 200 } })
    const { stream, outcome } = open(await session(), paths.unary)
    stream.resume()
    if (body.length > 0) stream.write(body)
    const { headers } = await outcome
    expect(headers['grpc-status']).toBe('4')
    expect(decodeURI(headers['grpc-message']!)).toContain('stalled')
    expect(headers['millrace-not-run']).toBe('true')
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  test('sending a byte now and then is late as well', async () => {
    const { session } = await start({ limits: { stallMs: 200 } })
    const { stream, outcome } = open(await session(), paths.unary)
    stream.resume().write(prefixed(new Uint8Array(100_000)).subarray(0, 50))
    const timer = setInterval(() => stream.write('x'), 20)
    expect((await outcome).headers['grpc-status']).toBe('4')
    clearInterval(timer)
  })

  test('for longer than timeoutMs within one message of a stream is too late, however steadily it sends', async () => {
    const { session } = await start({ limits: { stallMs: 200 }, timeoutMs: 500 })
    const { stream, outcome } = open(await session(), paths.stream)
    stream.resume().write(prefixed(new Uint8Array(10 * mb)).subarray(0, 50))
    const timer = setInterval(() => stream.write(new Uint8Array(1000)), 20)
    const { headers } = await outcome
    clearInterval(timer)
    expect(headers['grpc-status']).toBe('4')
    expect(decodeURI(headers['grpc-message']!)).toContain('timeoutMs')
  })

  test('after its message, without the end of the stream, has its answer, and the stream is closed', async () => {
    const { session, budget } = await start({ limits: { stallMs: 200 } })
    const { stream, outcome } = open(await session(), paths.unary)
    stream.resume().write(prefixed(requestOf(10)))
    const { headers, reset } = await outcome
    expect([headers['grpc-status'], reset]).toEqual(['0', 0])
    await expect.poll(() => budget.used).toBeLessThan(60_000)
  })

  test('reading answers loses the call, and keeps the connection while it answers pings', async () => {
    const { session, budget } = await start({ limits: { stallMs: 400 } })
    const from = await session({ settings: { initialWindowSize: 1000 } })
    const { stream, outcome } = open(from, paths.unary)
    stream.end(prefixed(requestOf(mb)))
    expect((await outcome).reset).toBe(11)
    await expect.poll(() => budget.used).toBeLessThan(60_000)
    const health = await post(from, paths.health)
    expect(health.headers['grpc-status']).toBe('0')
  })

  test('reading its socket loses the connection', async () => {
    const { socket, budget } = await start({
      limits: { stallMs: 400 },
      handle: async (request) => {
        const answer = request.answer()
        answer.docs = new DocumentArray([new Document({ blob: new Uint8Array(4 * mb) })])
        return answer
      },
    })
    const from = await socket()
    const window = Buffer.alloc(4)
    window.writeUInt32BE(2 ** 30)
    from.write(hello)
    from.write(
      raw({ type: frameTypes.settings, payload: Buffer.concat([Buffer.of(0, 4), window]) }), // SETTINGS_INITIAL_WINDOW_SIZE
    )
    from.write(raw({ type: frameTypes.windowUpdate, payload: window }))
    for (let stream = 1; stream < 8; stream += 2) {
      from.write(
        raw({ type: frameTypes.headers, flags: flags.endHeaders, stream, payload: headerBlock(paths.unary) }),
      )
      const message = prefixed(requestOf(15_000))
      from.write(raw({ type: frameTypes.data, flags: flags.endStream, stream, payload: message }))
    }
    await expect.poll(() => budget.used).toBeGreaterThan(4 * mb)
    await expect.poll(() => budget.used).toBe(0)
  })

  test('a stream with nothing under way ends after idleMs', async () => {
    const { session } = await start({ limits: { stallMs: 100, idleMs: 300 } })
    const { stream, outcome } = open(await session(), paths.stream)
    stream.resume().write(prefixed(requestOf(10)))
    const { headers } = await outcome
    expect(headers['grpc-status']).toBe('4')
    expect(decodeURI(headers['grpc-message']!)).toContain('limits.idleMs')
  })

  test('a request that takes the gateway longer than stallMs is none of the client’s faults', async () => {
    const { session } = await start({
      limits: { stallMs: 100 },
      handle: async (request) => {
        await new Promise((resolve) => setTimeout(resolve, 500))
        return request.answer()
      },
    })
    const from = await session()
    expect((await post(from, paths.unary, { body: prefixed(requestOf(10)) })).headers['grpc-status']).toBe(
      '0',
    )
  })
})

describe('a connection', () => {
  test('without a call is closed after idleMs', async () => {
    const { session } = await start({ limits: { stallMs: 100, idleMs: 200 } })
    const from = await session()
    await once(from, 'goaway')
    await once(from, 'close')
  })

  test.each([
    ['nothing', ''],
    ['half of the preface', 'PRI * HT'],
  ])('that says %s is closed after handshakeMs', async (_what, said) => {
    const { socket } = await start({ limits: { handshakeMs: 200 } })
    const from = await socket()
    if (said !== '') from.write(said)
    await once(from.resume(), 'close')
  })

  test('whose preface comes byte by byte is served', async () => {
    const { socket } = await start()
    const from = await socket()
    from.setNoDelay()
    for (const byte of hello) await new Promise((resolve) => from.write(Buffer.of(byte), resolve))
    const [settings] = (await once(from, 'data')) as [Buffer]
    expect(settings[3]).toBe(4)
  })
})

describe('close', () => {
  test.each([
    ['says nothing', ''],
    ['has said half of the preface', 'PRI'],
    ['has no call', hello],
  ])('does not wait for a connection that %s', async (_what, said) => {
    const { server, socket } = await start()
    const from = await socket()
    if (said !== '') from.write(said)
    if (said === hello) await once(from, 'data')
    await server.close({ graceMs: 600_000 })
  })

  test('ends with its grace when a call does not end, or its client does not read', async () => {
    const { server, session, socket } = await start({ handle: () => new Promise(() => {}) })
    const calling = open(await session(), paths.unary)
    calling.stream.end(prefixed(requestOf(10)))
    await socket()
    await server.close({ graceMs: 300 })
    expect((await calling.outcome).headers['grpc-status']).toBeUndefined()
  })
})
