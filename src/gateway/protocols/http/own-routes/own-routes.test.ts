import { describe, expect, it } from 'vitest'
import type { Call } from '../../../../call/call.js'
import { MillraceError } from '../../../../errors.js'
import { Document, DocumentArray } from '../../../../document/index.js'
import { deferred } from '../../../../lib/deferred.js'
import type { CallEvent } from '../../../../observe/names.js'
import { defaultHttpRules } from '../../../http-rules.js'
import { routesOfTests } from './modules.suite.js'

const start = routesOfTests()

const find = `app.get('/find', async (request) => {
  const docs = await client.for(request).post('/echo', [{ text: request.query.text }])
  return { found: docs.texts }
})`

describe('the routes of a module', () => {
  it('call the Flow, and answer beside its endpoints', async () => {
    const { client } = await start(find)
    const answer = await client.get('/find?text=a')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { found: ['a'] }])
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse((await client.postJson({ data: [{ text: 'b' }] }, '/echo')).text).data[0].text).toBe(
      'b',
    )
    expect((await client.get('/health/live')).status).toBe(200)
    expect((await client.get('/nothing')).status).toBe(404)
  })

  it('take the place of an endpoint with the same path', async () => {
    const { client } = await start(`app.post('/echo', async () => ({ mine: true }))`)
    expect(JSON.parse((await client.postJson({ data: [{ text: 'b' }] }, '/echo')).text)).toEqual({
      mine: true,
    })
    const { text } = await client.postJson({ execEndpoint: '/echo', data: [{ text: 'b' }] })
    expect(JSON.parse(text).data[0].text).toBe('b')
  })

  it('read bodies as Fastify does', async () => {
    const { client } = await start(`app.post('/mine', async (request) => ({ got: request.body }))`)
    expect(JSON.parse((await client.postJson({ a: 1 }, '/mine')).text)).toEqual({ got: { a: 1 } })
    const text = await client.send({
      path: '/mine',
      headers: { 'content-type': 'text/plain' },
      body: 'hello',
    })
    expect(JSON.parse(text.text)).toEqual({ got: 'hello' })
    const proto = await client.postJson({}, '/mine', { 'content-type': 'application/x-protobuf' })
    expect(proto.status).toBe(415)
    const malformed = await client.send({
      path: '/mine',
      headers: { 'content-type': 'application/json' },
      body: '{',
    })
    expect([malformed.status, JSON.parse(malformed.text).error]).toEqual([400, 'Bad Request'])
  })

  it('work with plugins, which do not reach the endpoints', async () => {
    const { client } = await start(
      `await app.register(cookie)
       app.addHook('onSend', async (_request, reply) => { reply.header('x-own', 'yes') })
       app.get('/visits', (request, reply) => {
         const visits = Number(request.cookies.visits ?? 0) + 1
         reply.setCookie('visits', String(visits), { httpOnly: true }).send({ visits })
       })`,
      { imports: `import cookie from '${import.meta.resolve('@fastify/cookie')}'` },
    )
    const first = await client.get('/visits')
    expect(first.headers['set-cookie']).toEqual([expect.stringMatching(/^visits=1; HttpOnly/)])
    expect(first.headers['x-own']).toBe('yes')
    const again = await client.send({ method: 'GET', path: '/visits', headers: { cookie: 'visits=1' } })
    expect(JSON.parse(again.text)).toEqual({ visits: 2 })
    expect((await client.postJson({}, '/echo')).headers).not.toHaveProperty('x-own')
    expect((await client.get('/')).headers).not.toHaveProperty('x-own')
  })

  it('serve files to callers with a token, and answer 404 for missing files', async () => {
    let checks = 0
    const { client } = await start(
      `await app.register(files, { root: ${JSON.stringify(import.meta.dirname)}, prefix: '/app/' })`,
      {
        imports: `import files from '${import.meta.resolve('@fastify/static')}'`,
        callers: { check: () => (checks++, null), counter: () => null },
      },
    )
    const found = await client.get('/app/hooks.ts')
    expect([found.status, found.text]).toEqual([200, expect.stringContaining('holdRequests')])
    expect(checks).toBe(1)
    expect((await client.get('/app/nothing.ts')).status).toBe(404)
    expect(checks).toBe(2)
    expect((await client.get('/app/..%2f..%2fserver.ts')).status).toBeGreaterThanOrEqual(400)
  })

  it('answer an error of the Flow as its endpoints do, and others as Fastify does', async () => {
    const { client } = await start(
      `${find}
       app.get('/broken', async () => { throw new Error('mine') })
       app.get('/teapot', async () => { throw Object.assign(new Error('short'), { statusCode: 418 }) })`,
      {
        handle: async () =>
          Promise.reject(
            new MillraceError('RESOURCE_EXHAUSTED', 'full', { retryAfterMs: 2500, notRun: true }),
          ),
      },
    )
    const refused = await client.get('/find?text=a')
    expect([refused.status, refused.headers['retry-after'], refused.headers['millrace-status']]).toEqual([
      429,
      '3',
      'RESOURCE_EXHAUSTED',
    ])
    const broken = await client.get('/broken')
    expect([broken.status, JSON.parse(broken.text)]).toEqual([
      500,
      { statusCode: 500, error: 'Internal Server Error', message: 'mine' },
    ])
    expect((await client.get('/teapot')).status).toBe(418)
  })

  it('stream what a generator yields', async () => {
    const { client } = await start(
      `app.get('/words', (request, reply) => {
         async function* words() {
           for await (const doc of client.for(request).streamDoc('/echo', 'two words')) yield doc.text + ';'
         }
         return reply.type('text/plain').send(Readable.from(words()))
       })`,
      {
        imports: `import { Readable } from 'node:stream'`,
        handle: async (request, call) => {
          for (const text of request.docs.texts[0]!.split(' ')) {
            const item = request.answer()
            item.docs = new DocumentArray([new Document({ text })])
            await call.items!.push(item)
          }
          const closing = request.answer()
          closing.docs = new DocumentArray()
          return closing
        },
      },
    )
    expect((await client.get('/words')).text).toBe('two;words;')
  })

  it('are called with the trace of the request, as its caller', async () => {
    const calls: Call[] = []
    const { client } = await start(
      `${find}
       app.get('/other', async () => ({ found: (await client.post('/echo', 'b')).texts }))`,
      {
        trustProxy: true,
        handle: async (request, call) => {
          calls.push(call)
          return request.answer()
        },
      },
    )
    const headers = { traceparent: '00-1-2-01', 'x-tenant': 'a', origin: 'http://a' }
    await client.send({ method: 'GET', path: '/find?text=a', headers })
    await client.send({ method: 'GET', path: '/other', headers })
    expect(calls[0]!.headers).toEqual({ traceparent: '00-1-2-01', 'x-tenant': 'a' })
    expect(calls[0]!.sender).toMatchObject({ patient: false, protocol: 'http' })
    expect(calls[1]!.headers).toEqual({})
    expect(calls[1]!.sender).toMatchObject({ patient: true, protocol: 'local' })
  })

  it('know how their client reaches the gateway, when the proxy is trusted', async () => {
    const shown = `app.get('/where', async ({ protocol, host, ip }) => ({ protocol, host, ip }))`
    const headers = {
      host: 'inside',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'shop.example',
      'x-forwarded-for': '192.0.2.1',
    }
    const where = async (trustProxy: boolean | readonly string[]): Promise<unknown> => {
      const { client } = await start(shown, { trustProxy })
      return JSON.parse((await client.send({ method: 'GET', path: '/where', headers })).text)
    }
    const outside = { protocol: 'https', host: 'shop.example', ip: '192.0.2.1' }
    expect(await where(['127.0.0.1'])).toEqual(outside)
    expect(await where(['10.0.0.0/8'])).toEqual({ protocol: 'http', host: 'inside', ip: '127.0.0.1' })
    expect(await where(false)).toMatchObject({ protocol: 'http', host: 'inside' })
  })

  it('are open to pages of other origins as endpoints are', async () => {
    const { client } = await start(
      `app.get('/mine', async () => 'x')
       app.get('/broken', async (request) => client.for(request).post('/echo'))`,
      {
        rules: { cors: true },
        handle: async () => Promise.reject(new MillraceError('UNAVAILABLE', 'no replica')),
      },
    )
    for (const path of ['/mine', '/broken']) {
      const answer = await client.send({ method: 'GET', path, headers: { origin: 'https://a.example' } })
      expect(answer.headers['access-control-allow-origin']).toBe('*')
    }
  })

  it('are told to who logs calls', async () => {
    const events: CallEvent[] = []
    const told = {
      onAnswered: (event: CallEvent) => events.push(event),
      onRefused: (event: CallEvent) => events.push(event),
    }
    const { client } = await start(`app.get('/mine', async () => 'x')`, told)
    await client.get('/mine?q=secret')
    await client.postJson({}, '/mine')
    await expect.poll(() => events.length).toBe(2)
    expect(events[0]).toMatchObject({ name: 'call.answered', target: 'GET /mine', status: 200 })
    expect(events[1]).toMatchObject({ name: 'call.refused', target: 'POST /mine', status: 404 })
  })

  it('finish what they answer when the gateway closes, and then close what they have opened', async () => {
    const [released, entered] = [deferred(), deferred()]
    const { client, listeners } = await start(
      `app.addHook('onClose', async () => { globalThis.ownRoutes.push('closed') })
       app.get('/slow', async (request) => {
         globalThis.ownRoutes.entered()
         const docs = await client.for(request).post('/echo', 'late')
         globalThis.ownRoutes.push('answered')
         return docs.texts
       })`,
      { handle: async (request) => (await released.promise, request.answer()) },
    )
    const log: string[] = []
    Object.assign(globalThis, {
      ownRoutes: { entered: () => entered.resolve(), push: (line: string) => log.push(line) },
    })
    const answer = client.get('/slow')
    await entered.promise
    const closed = listeners.close({ graceMs: 60_000 })
    released.resolve()
    const { status, text, headers } = await answer
    expect([status, text, headers.connection]).toEqual([200, '["late"]', 'close'])
    await closed
    expect(log).toEqual(['answered', 'closed'])
  })
})

it('without a module there are none', async () => {
  expect(defaultHttpRules.routes).toBeNull()
})
