import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../errors.js'
import { defaultHttpRules } from '../../http-rules.js'
import { httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const json = { 'content-type': 'application/json' }

describe('the options of HTTP', () => {
  it('leave out the paths of Jina that they say', async () => {
    const { client } = await start({
      http: { ...defaultHttpRules, crudEndpoints: false, debugEndpoints: false },
    })
    for (const [method, path] of [
      ['POST', '/index'],
      ['DELETE', '/delete'],
      ['POST', '/post'],
      ['GET', '/status'],
      ['GET', '/dry_run'],
    ] as const) {
      expect((await client.send({ method, path, headers: json, body: '{}' })).status).toBe(404)
    }
    expect((await client.get('/')).status).toBe(200)
    expect((await client.postJson({}, '/echo')).status).toBe(200)
  })

  it('give endpoints more paths and methods', async () => {
    const { client } = await start({
      http: {
        ...defaultHttpRules,
        expose: {
          '/echo': { path: '/v1/echo', methods: ['GET', 'PUT'] },
          '/unserved': { path: '/unserved', methods: ['POST'] },
        },
      },
    })
    const endpointAt = async (method: string, path: string): Promise<unknown> => {
      const { status, text, headers } = await client.send({ method, path, headers: json })
      return status === 200 ? JSON.parse(text).header.execEndpoint : [status, headers['allow']]
    }
    expect(await endpointAt('PUT', '/v1/echo')).toBe('/echo')
    expect(await endpointAt('GET', '/v1/echo?text=a')).toBe('/echo')
    expect(await endpointAt('POST', '/echo')).toBe('/echo')
    expect(await endpointAt('POST', '/unserved')).toBe('/unserved')
    expect(await endpointAt('POST', '/v1/echo')).toEqual([405, 'GET, PUT'])
    expect(await endpointAt('PUT', '/echo')).toEqual([405, 'POST'])
    const { text } = await client.get('/v1/echo?text=a')
    expect(JSON.parse(text).data).toMatchObject([{ text: 'a' }])
  })

  it('let no page of another origin call, unless they say so', async () => {
    const { client } = await start()
    const answer = await client.postJson({}, '/echo', { origin: 'https://a.example' })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'POST' }
    expect((await client.send({ method: 'OPTIONS', path: '/echo', headers: preflight })).status).toBe(405)
  })

  it.each([
    [true, 'https://a.example', '*'],
    [['https://a.example', 'https://b.example'], 'https://b.example', 'https://b.example'],
    [['https://a.example'], 'https://c.example', undefined],
  ])('with cors %j answer origin %s with %s, in errors and streams too', async (cors, origin, allowed) => {
    const { client, serving } = await start({ http: { ...defaultHttpRules, cors } })
    const allowedIn = ({ headers }: { headers: object }) =>
      (headers as Record<string, unknown>)['access-control-allow-origin']
    const preflight = await client.send({
      method: 'OPTIONS',
      path: '/echo',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type, x-tenant',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-headers']).toBe('content-type, x-tenant')
    expect(preflight.headers).not.toHaveProperty('access-control-allow-credentials')
    expect(allowedIn(preflight)).toBe(allowed)
    expect(allowedIn(await client.postJson({}, '/echo', { origin }))).toBe(allowed)
    expect(allowedIn(await client.postJson({}, '/nobody', { origin }))).toBe(allowed)
    expect(allowedIn(await client.postJson({}, '/echo', { origin, accept: 'text/event-stream' }))).toBe(
      allowed,
    )
    await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
  })

  it('let browsers ask without a token what they may send, and pages read that a token is missing', async () => {
    const { client } = await start({
      http: { ...defaultHttpRules, cors: true },
      callers: {
        check: () => new MillraceError('UNAUTHENTICATED', 'no token', { notRun: true }),
        counter: () => null,
      },
      handle: () => expect.unreachable(),
    })
    const origin = 'https://a.example'
    const asked = { origin, 'access-control-request-method': 'POST' }
    expect((await client.send({ method: 'OPTIONS', path: '/echo', headers: asked })).status).toBe(204)
    const { status, headers } = await client.postJson({}, '/echo', { origin })
    expect([status, headers['access-control-allow-origin']]).toEqual([401, '*'])
    for (const method of ['OPTIONS', 'PUT']) {
      const other = await client.send({ method, path: '/echo', headers: json })
      expect(other.status).toBeGreaterThanOrEqual(400)
    }
  })
})
