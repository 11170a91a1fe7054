import { once } from 'node:events'
import { request } from 'node:http'
import * as zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { deferred } from '../../../lib/deferred.js'
import { DataRequest } from '../../../wire/data-request.js'
import { defaultHttpRules } from '../../http-rules.js'
import { codings } from './compress.js'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const text = 'many words '.repeat(5000)
const random = Buffer.from(Array.from({ length: 20_000 }, () => Math.floor(Math.random() * 256)))

const unpack: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: zlib.gunzipSync,
  br: zlib.brotliDecompressSync,
  zstd: (zlib as unknown as { zstdDecompressSync: (bytes: Buffer) => Buffer }).zstdDecompressSync,
}

/** Sends one document with this text, and reads the answer as it came. */
async function ask(
  port: number,
  headers: Readonly<Record<string, string>>,
  content = text,
): Promise<{ status: number; headers: Readonly<Record<string, string>>; bytes: Buffer }> {
  const asked = request({
    port,
    path: '/echo',
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
  })
  asked.end(JSON.stringify({ data: [{ text: content }] }))
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  const bytes = Buffer.concat(await answer.toArray())
  return { status: answer.statusCode!, headers: answer.headers as Record<string, string>, bytes }
}

describe('an answer', () => {
  it.each(codings)('is compressed with %s for a client that accepts it', async (coding) => {
    const { port, serving } = await start()
    const answer = await ask(port, { 'accept-encoding': coding })
    expect(answer.headers).toMatchObject({ 'content-encoding': coding, vary: 'accept-encoding' })
    expect(answer.headers['content-length']).toBe(String(answer.bytes.length))
    expect(answer.bytes.length).toBeLessThan(text.length / 10)
    expect(JSON.parse(unpack[coding]!(answer.bytes).toString()).data[0].text).toBe(text)
    await expect.poll(() => serving.budget.used).toBeLessThan(60_000)
  })

  it('in protobuf is compressed too', async () => {
    const { port } = await start()
    const answer = await ask(port, { accept: 'application/x-protobuf', 'accept-encoding': 'gzip' })
    expect(zlib.gunzipSync(answer.bytes).includes('many words')).toBe(true)
  })

  it.each([
    ['without accept-encoding', {}, text],
    ['for a client that does not want it', { 'accept-encoding': 'identity, gzip;q=0' }, text],
    ['that is small', { 'accept-encoding': 'gzip' }, 'a'],
  ])('%s is not compressed', async (_when, headers, content) => {
    const { port } = await start()
    const answer = await ask(port, headers, content)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.headers.vary).toBe(content === text ? 'accept-encoding' : undefined)
    expect(JSON.parse(answer.bytes.toString()).data[0].text).toBe(content)
  })

  it('that compression does not make smaller is sent as it is', async () => {
    const { port } = await start({
      handle: async (data) => {
        const answer = data.answer()
        answer.docs = new DocumentArray([new Document({ blob: random })])
        return answer
      },
    })
    const answer = await ask(port, { accept: 'application/x-protobuf', 'accept-encoding': 'gzip' })
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.bytes.includes(random)).toBe(true)
  })

  it('is compressed from minBytes on, or not at all, as the Flow says', async () => {
    const of = async (compression: { readonly minBytes: number } | null): Promise<string | undefined> => {
      const { port } = await start({ http: { ...defaultHttpRules, compression } })
      return (await ask(port, { 'accept-encoding': 'gzip' })).headers['content-encoding']
    }
    expect(await of({ minBytes: 0 })).toBe('gzip')
    expect(await of({ minBytes: 1_000_000 })).toBeUndefined()
    expect(await of(null)).toBeUndefined()
  })

  it('of a stream of events is not compressed', async () => {
    const { port } = await start({
      handle: async (data, call) => {
        await call.items!.push(data)
        return data.answer()
      },
    })
    const answer = await ask(port, { accept: 'text/event-stream', 'accept-encoding': 'gzip' })
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.bytes.includes('event: update')).toBe(true)
  })

  it('varies by the origin too, for web pages', async () => {
    const { port } = await start({
      http: { ...defaultHttpRules, cors: ['https://a.example', 'https://b.example'] },
    })
    const answer = await ask(port, { 'accept-encoding': 'gzip', origin: 'https://a.example' })
    expect(answer.headers.vary).toBe('Origin, accept-encoding')
  })

  it('without room for it and its compressed form is sent as it is', async () => {
    const large = 'x'.repeat(300_000)
    const { port } = await start({ limits: { maxBytes: 1_200_000 }, maxMessageBytes: 400_000 })
    const accept = 'application/x-protobuf' // writing JSON would need room too
    const answer = await ask(port, { accept, 'accept-encoding': 'gzip' }, large)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(DataRequest.decode(answer.bytes).docs.texts).toEqual([large])
  })

  it('whose client leaves before it is sent holds nothing', async () => {
    const answered = deferred()
    const { port, serving } = await start({
      handle: async (data) => {
        answered.resolve()
        return data.answer()
      },
    })
    const headers = { 'content-type': 'application/json', 'accept-encoding': 'gzip' }
    const asked = request({ port, path: '/echo', method: 'POST', headers })
    asked.on('error', () => {})
    asked.end(JSON.stringify({ data: [{ text: text.repeat(100) }] }))
    await answered.promise
    asked.destroy()
    await expect.poll(() => serving.budget.used).toBe(0)
  })
})
