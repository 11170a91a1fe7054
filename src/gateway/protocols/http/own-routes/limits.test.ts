import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Purpose } from '../../../auth/authenticator.js'
import { MillraceError } from '../../../../errors.js'
import { deferred } from '../../../../lib/deferred.js'
import { HandClock } from '../../../../lib/hand-clock.suite.js'
import { everything } from '../server.suite.js'
import { routesOfTests } from './modules.suite.js'

const start = routesOfTests()
const echo = `app.post('/mine', async (request) => request.body)`

describe('requests to the routes of a module', () => {
  it('need a token and are counted, unless the route is open, which is counted too', async () => {
    const purposes: Purpose[] = []
    const { client } = await start(
      `app.get('/mine', async () => 'x')
       app.get('/open', { config: { open: true } }, async () => 'x')`,
      {
        callers: {
          check(_caller, purpose) {
            purposes.push(purpose)
            if (purpose === 'open-request') return null
            return new MillraceError('UNAUTHENTICATED', 'no token', { notRun: true })
          },
          counter: () => null,
        },
      },
    )
    const refused = await client.get('/mine')
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('Bearer'),
    ])
    expect((await client.get('/open')).status).toBe(200)
    expect(purposes).toEqual(['request', 'open-request'])
  })

  it('are refused by a check that takes time, before the module sees them', async () => {
    const { client } = await start(
      `app.addHook('onRequest', async () => { throw new Error('seen') })\n${echo}`,
      {
        callers: {
          check: async () => new MillraceError('UNAUTHENTICATED', 'no', { notRun: true }),
          counter: () => null,
        },
      },
    )
    expect((await client.postJson({}, '/mine')).status).toBe(401)
  })

  it.each([
    ['of a known length', {}],
    ['in chunks', { 'transfer-encoding': 'chunked' }],
  ])('have bodies of at most maxMessageBytes: %s', async (_name, headers) => {
    const { client, serving } = await start(echo, { maxMessageBytes: 10_000 })
    const type = { 'content-type': 'text/plain', ...headers }
    const small = await client.send({ path: '/mine', headers: type, body: 'a'.repeat(9000) })
    expect([small.status, small.text.length]).toEqual([200, 9000])
    const large = await client.send({ path: '/mine', headers: type, body: 'a'.repeat(11_000) })
    expect([large.status, large.headers['millrace-status']]).toEqual([413, 'RESOURCE_EXHAUSTED'])
    await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
  })

  it('have the limit of their route', async () => {
    const { client } = await start(`app.post('/mine', { bodyLimit: 10 }, async (request) => request.body)`)
    expect((await client.postJson({ a: 'longer than that' }, '/mine')).status).toBe(413)
  })

  it('hold memory for bodies, whichever way the module reads them, until they are answered', async () => {
    const [read, released] = [deferred(), deferred()]
    Object.assign(globalThis, { ownLimits: { read: () => read.resolve(), released: released.promise } })
    const { client, serving } = await start(
      `app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null))
       app.post('/mine', async (request) => {
         let bytes = 0
         for await (const chunk of request.raw) bytes += chunk.length
         globalThis.ownLimits.read()
         await globalThis.ownLimits.released
         return { bytes }
       })`,
    )
    const headers = { 'content-type': 'application/octet-stream' }
    const answer = client.send({ path: '/mine', headers, body: Buffer.alloc(3_000_000) })
    await read.promise
    expect(serving.budget.used).toBeGreaterThan(3_000_000)
    released.resolve()
    expect(JSON.parse((await answer).text)).toEqual({ bytes: 3_000_000 })
    await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
  })

  it('are refused when there is no room, and then nothing is held', async () => {
    const { client, serving } = await start(echo, { limits: { maxBytes: 4 * 1024 * 1024 } })
    const headers = { 'content-type': 'text/plain' }
    const answer = await client.send({ path: '/mine', headers, body: 'a'.repeat(3_000_000) })
    expect([answer.status, answer.headers['millrace-status']]).toEqual([429, 'RESOURCE_EXHAUSTED'])
    await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
  })

  it('hold memory for answers until the client has taken them', async () => {
    const { socket, serving } = await start(`app.get('/large', async () => 'a'.repeat(20_000_000))`, {
      limits: { stallMs: 300 },
    })
    const reader = await socket()
    const closed = once(reader, 'close')
    reader.write('GET /large HTTP/1.1\r\nhost: a\r\n\r\n')
    reader.pause()
    await expect.poll(() => serving.budget.used).toBeGreaterThan(20_000_000)
    await expect.poll(() => serving.budget.used).toBe(0) // it was cut off
    reader.resume()
    await closed
  })

  it('have answers of at most maxMessageBytes', async () => {
    const { client } = await start(`app.get('/large', async () => 'a'.repeat(20_000))`, {
      maxMessageBytes: 10_000,
    })
    const { status, text } = await client.get('/large')
    expect([status, text]).toEqual([500, expect.stringContaining('maxMessageBytes')])
  })

  it('lose clients that stop in the middle of a body', async () => {
    const { socket, serving } = await start(echo, { limits: { stallMs: 200 } })
    const sender = await socket()
    sender.write('POST /mine HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 90\r\n\r\na')
    expect(await everything(sender)).toMatch(/^HTTP\/1\.1 408 /)
    expect(serving.budget.used).toBe(0)
  })

  it('are not blamed while the route does not read', async () => {
    const [entered, released] = [deferred(), deferred()]
    Object.assign(globalThis, { ownLimits: { entered: () => entered.resolve(), released: released.promise } })
    const { client, serving } = await start(
      `app.addHook('preParsing', async () => {
         globalThis.ownLimits.entered()
         await globalThis.ownLimits.released
       })
       ${echo}`,
      { clock: new HandClock(), limits: { stallMs: 1000 } },
    )
    const headers = { 'content-type': 'text/plain' }
    const answer = client.send({ path: '/mine', headers, body: 'a'.repeat(2_000_000) })
    await entered.promise
    await expect.poll(() => serving.budget.used).toBeGreaterThan(64_000)
    released.resolve()
    expect((await answer).text).toHaveLength(2_000_000)
  })

  it('end after timeoutMs, before and in the middle of an answer', async () => {
    const clock = new HandClock()
    const aborted = deferred<string>()
    Object.assign(globalThis, { ownLimits: { aborted: (why: string) => aborted.resolve(why) } })
    const begun = deferred()
    const { client, socket } = await start(
      `app.get('/never', async (request) => {
         try { await client.for(request).post('/echo') } catch (error) { globalThis.ownLimits.aborted(error.code) }
         return 'late'
       })
       app.get('/half', (request, reply) => { reply.hijack(); reply.raw.write('half') })`,
      {
        clock,
        timeoutMs: 5000,
        handle: (_request, call) => {
          begun.resolve()
          return new Promise((_resolve, reject) => call.onAbort({ abort: reject }))
        },
      },
    )
    const answer = client.get('/never')
    await begun.promise
    clock.move(5100)
    expect((await answer).status).toBe(504)
    expect(await aborted.promise).toBe('DEADLINE_EXCEEDED')
    const reader = await socket()
    reader.write('GET /half HTTP/1.1\r\nhost: a\r\n\r\n')
    await once(reader, 'data')
    const rest = everything(reader)
    clock.move(5100)
    expect(await rest).not.toContain('0\r\n\r\n')
  })

  it('take their calls of the Flow with them when their client disconnects', async () => {
    const [begun, ended] = [deferred(), deferred<string>()]
    const { socket } = await start(
      `app.get('/find', async (request) => (await client.for(request).post('/echo')).texts)`,
      {
        handle: (_request, call) => {
          begun.resolve()
          return new Promise((_resolve, reject) =>
            call.onAbort({
              abort(reason) {
                ended.resolve(reason.code)
                reject(reason)
              },
            }),
          )
        },
      },
    )
    const reader = await socket()
    reader.write('GET /find HTTP/1.1\r\nhost: a\r\n\r\n')
    await begun.promise
    reader.destroy()
    expect(await ended.promise).toBe('CANCELLED')
  })
})
