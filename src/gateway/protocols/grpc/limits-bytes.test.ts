import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../../lib/deferred.js'
import { Document, DocumentArray } from '../../../document/index.js'
import { DataRequest } from '../../../wire/data-request.js'
import { open, type Outcome, paths, post, prefixed, serversOfTests } from './server.suite.js'

const start = serversOfTests()
const mb = 1024 * 1024

function requestOf(bytes: number): Uint8Array {
  const docs = new DocumentArray([new Document({ blob: new Uint8Array(bytes) })])
  return DataRequest.create({ endpoint: '/a', docs }).encode()
}

const statuses = (outcomes: readonly Outcome[]): (string | undefined)[] =>
  outcomes.map(({ headers }) => headers['grpc-status'])

describe('a compressed message', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('of %s unpacks within the budget, whatever it unpacks to', async (encoding, compress) => {
    const { session, budget } = await start({ limits: { maxBytes: 16 * mb } })
    const bomb = prefixed(compress(requestOf(32 * mb)), 1)
    const calls = Array.from({ length: 12 }, async () =>
      post(await session(), paths.unary, { body: bomb, headers: { 'grpc-encoding': encoding } }),
    )
    const outcomes = await Promise.all(calls)
    expect(new Set(statuses(outcomes))).toEqual(new Set(['8']))
    expect(decodeURI(outcomes[0]!.headers['grpc-message']!)).toContain('not enough memory to unpack')
    expect((await post(await session(), paths.health)).headers['grpc-status']).toBe('0')
    expect(budget.used).toBeLessThan(mb)
  })

  test('that fits is taken, and given back', async () => {
    const { session, budget } = await start({ limits: { maxBytes: 128 * mb } })
    const body = prefixed(gzipSync(requestOf(32 * mb)), 1)
    const outcome = await post(await session(), paths.unary, { body, headers: { 'grpc-encoding': 'gzip' } })
    expect(outcome.headers['grpc-status']).toBe('0')
    await expect.poll(() => budget.used).toBeLessThan(mb)
  })
})

describe('unfinished messages', () => {
  test('are refused when the budget is used up, and others are served', async () => {
    const { session, budget } = await start({ limits: { maxBytes: 16 * mb } })
    const body = prefixed(requestOf(3 * mb)).subarray(0, -1)
    const from = await session()
    const calls = Array.from({ length: 4 }, () => open(from, paths.unary))
    for (const { stream } of calls) stream.resume().write(body)
    const first = await Promise.race(calls.map(({ outcome, stream }) => once(outcome, stream)))
    expect(first.headers['grpc-status']).toBe('8')
    expect((await post(await session(), paths.health)).headers['grpc-status']).toBe('0')
    expect(budget.used).toBeLessThanOrEqual(16 * mb)
    from.destroy()
    await expect.poll(() => budget.used).toBeLessThan(mb)
  })

  test('are given back when the deadline of the call passes', async () => {
    const { session, budget } = await start()
    const body = prefixed(requestOf(3 * mb)).subarray(0, -1)
    const { stream } = open(await session(), paths.unary, { 'grpc-timeout': '500m' })
    const status = new Promise((resolve) =>
      stream.on('response', (headers) => resolve(headers['grpc-status'])),
    )
    stream.resume().write(body)
    expect(await status).toBe('4')
    expect(budget.used).toBeLessThan(mb)
  })

  test('of a stream that is not read for now are counted too', async () => {
    const release = deferred()
    const { session, budget } = await start({
      handle: async (request) => {
        await release.promise
        return request.answer()
      },
    })
    const from = await session()
    const { stream, outcome } = open(from, paths.stream, { __prefetch__: '1' })
    stream.resume()
    for (let message = 0; message < 10; message++) stream.write(prefixed(requestOf(200_000)))
    // what the window of HTTP/2 lets through
    await expect.poll(() => budget.used).toBeGreaterThan(mb)
    stream.end()
    release.resolve()
    expect((await outcome).headers['grpc-status']).toBe('0')
    await expect.poll(() => budget.used).toBeLessThan(200_000)
  })
})

describe('answers', () => {
  test('that are not read are refused when the budget is used up', async () => {
    const { session, budget } = await start({ limits: { maxBytes: 16 * mb } })
    const from = await session({ settings: { initialWindowSize: 0 } })
    const calls = Array.from({ length: 6 }, () => open(from, paths.unary))
    for (const { stream } of calls) stream.resume().end(prefixed(requestOf(2 * mb)))
    const refused = await Promise.race(calls.map(({ outcome }) => outcome))
    expect(refused.headers['grpc-status']).toBe('8')
    expect(decodeURI(refused.headers['grpc-message']!)).toContain('not enough memory')
    expect(budget.used).toBeLessThanOrEqual(8 * mb)
    expect((await post(await session(), paths.health)).headers['grpc-status']).toBe('0')
    from.destroy()
    await expect.poll(() => budget.used).toBeLessThan(mb)
  })
})

/** A call that was refused while its client still sends ends for the client once it stops. */
async function once(
  outcome: Promise<Outcome>,
  stream: { on(event: 'response', hear: (headers: object) => void): void },
): Promise<Outcome> {
  const response = new Promise<Outcome>((resolve) => {
    stream.on('response', (headers) =>
      resolve({ headers: { ...headers } as Record<string, string>, reset: 0 }),
    )
  })
  return Promise.race([outcome, response])
}
