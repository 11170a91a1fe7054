import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { paths, post, prefixed, serversOfTests } from './server.suite.js'

const start = serversOfTests()

describe('what is no gRPC', () => {
  test.each(['GET', 'PUT', 'HEAD', 'OPTIONS'])('%s is answered with 405', async (method) => {
    const { session } = await start()
    const from = await session()
    const stream = from.request({ ':method': method, ':path': '/', 'content-type': 'application/grpc' })
    const [headers] = (await once(stream.resume(), 'response')) as [Record<string, unknown>]
    expect(headers).toMatchObject({ ':status': 405, allow: 'POST' })
    expect((await post(from, paths.health)).headers['grpc-status']).toBe('0')
  })

  test.each([
    'application/grpc-web',
    'application/grpc-web+proto',
    'application/grpc+json',
    'application/grpcx',
    'text/plain',
    '',
  ])('a content-type of %j is answered with 415', async (type) => {
    const { session } = await start()
    const { headers } = await post(await session(), paths.health, { headers: { 'content-type': type } })
    expect(headers[':status']).toBe(415)
  })

  test.each(['application/grpc', 'application/grpc+proto', 'application/grpc; charset=utf-8'])(
    'a content-type of %s is taken',
    async (type) => {
      const { session } = await start()
      const { headers } = await post(await session(), paths.health, { headers: { 'content-type': type } })
      expect(headers['grpc-status']).toBe('0')
    },
  )

  test('gives back no more of the budget than it has taken', async () => {
    const { session, budget } = await start()
    const from = await session()
    const before = budget.used
    for (let count = 0; count < 20; count++)
      await post(from, paths.health, { headers: { 'content-type': 'text/plain' } })
    await post(from, paths.health)
    await expect.poll(() => budget.used).toBe(before)
  })

  test('HTTP/1 is answered with 505, in words', async () => {
    const { socket } = await start()
    const from = await socket()
    let said = ''
    from.on('data', (chunk: Buffer) => (said += chunk.toString()))
    from.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
    await once(from, 'end')
    expect(said).toMatch(/^HTTP\/1\.1 505 /)
    expect(said).toContain('gRPC')
  })
})

describe('a message', () => {
  test.each<[string, Buffer, Record<string, string>, string, string]>([
    ['with flag 2', prefixed(new Uint8Array(), 2), {}, '13', 'must be 0, or 1'],
    ['that is compressed, without an encoding', prefixed(gzipSync('x'), 1), {}, '13', 'no grpc-encoding'],
    [
      'that is compressed as identity',
      prefixed(gzipSync('x'), 1),
      { 'grpc-encoding': 'identity' },
      '13',
      'no grpc-encoding',
    ],
    [
      'of an unknown encoding',
      prefixed(gzipSync('x'), 1),
      { 'grpc-encoding': 'zstd' },
      '12',
      'use one of identity,gzip,deflate',
    ],
  ])('%s is refused', async (_what, body, headers, code, why) => {
    const { session } = await start()
    const outcome = await post(await session(), paths.health, { body, headers })
    expect(outcome.headers['grpc-status']).toBe(code)
    expect(decodeURI(outcome.headers['grpc-message']!)).toContain(why)
    expect(outcome.headers['grpc-accept-encoding']).toBe('identity,gzip,deflate')
  })
})
