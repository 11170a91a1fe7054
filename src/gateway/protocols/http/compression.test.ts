import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const json = { 'content-type': 'application/json' }
const plain = Buffer.from(JSON.stringify({ data: [{ text: 'ä'.repeat(3_000_000) }] }))

it.each([
  ['gzip', gzipSync(plain)],
  ['GZIP', gzipSync(plain)],
  ['deflate', deflateSync(plain)],
  ['br', brotliCompressSync(plain)],
  ['identity', plain],
])('a body with content-encoding %s is unpacked', async (encoding, body) => {
  const { client, serving } = await start()
  const headers = { ...json, 'content-encoding': encoding }
  const { status, text } = await client.send({ path: '/echo', headers, body })
  expect(status).toBe(200)
  expect(JSON.parse(text).data[0].text).toHaveLength(3_000_000)
  await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
})

it('an unknown encoding is refused, and the answer lists the known ones', async () => {
  const { client } = await start({ handle: () => expect.unreachable() })
  const headers = { ...json, 'content-encoding': 'zstd' }
  const answer = await client.send({ path: '/echo', headers, body: '{}' })
  expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'gzip, deflate, br'])
})

const zeros = Buffer.alloc(200_000_000)
it.each([
  ['gzip', gzipSync(zeros)],
  ['br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
])('a bomb in %s is refused while it is unpacked, and holds nothing', async (encoding, body) => {
  const { client, serving } = await start({
    maxMessageBytes: 2 ** 20,
    handle: () => expect.unreachable(),
  })
  const headers = { ...json, 'content-encoding': encoding }
  const answer = await client.send({ path: '/echo', headers, body })
  expect(answer.status).toBe(413)
  expect(answer.text).toContain('maxMessageBytes')
  await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
})

it('content without room in the budget is refused with when to send again', async () => {
  const { client } = await start({ limits: { maxBytes: 2 ** 20 }, handle: () => expect.unreachable() })
  const headers = { ...json, 'content-encoding': 'gzip' }
  const answer = await client.send({ path: '/echo', headers, body: gzipSync(plain) })
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1'])
})

it.each([['{}'], [gzipSync('{}').subarray(0, 15)], ['']])('%j is not gzip: 400', async (body) => {
  const { client } = await start({ handle: () => expect.unreachable() })
  const headers = { ...json, 'content-encoding': 'gzip' }
  expect((await client.send({ path: '/echo', headers, body })).status).toBe(400)
})

it('bodies in brotli are all unpacked, however many come at once', async () => {
  const { port } = await start()
  const body = brotliCompressSync('{"data":[{}]}')
  const headers = { ...json, 'content-encoding': 'br' }
  const answers = await Promise.all(
    Array.from({ length: 40 }, () =>
      fetch(`http://127.0.0.1:${port}/echo`, { method: 'POST', headers, body }).then(({ status }) => status),
    ),
  )
  expect(new Set(answers)).toEqual(new Set([200]))
})
