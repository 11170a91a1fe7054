import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { MillraceError } from '../../../errors.js'
import type { Callers } from '../../callers/caller.js'
import { defaultHttpRules } from '../../http-rules.js'
import { everything } from '../http/server.suite.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

const handshake = [
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
]

describe('the sub-protocol', () => {
  it.each(['json', 'bytes', 'millrace.bytes', 'millrace.stream'])('%s is answered', async (subprotocol) => {
    const { open } = await start()
    const { websocket } = await open({ subprotocols: ['other', subprotocol] })
    expect(websocket.protocol).toBe(subprotocol)
  })

  it('is not answered to a client that names none', async () => {
    const { open } = await start()
    expect((await open()).websocket.protocol).toBe('')
  })

  it('must be known', async () => {
    const { open } = await start()
    await expect(open({ subprotocols: ['graphql-ws'] })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining('json, bytes'),
    })
  })
})

describe('a token', () => {
  const callers: Callers = {
    check: ({ headers: { authorization } }) =>
      authorization === 'Bearer a+b/c='
        ? null
        : new MillraceError('UNAUTHENTICATED', 'no valid token', { notRun: true }),
    counter: () => null,
  }

  it('comes in a header, or beside the sub-protocols, and is not answered', async () => {
    const { open } = await start({ callers })
    await open({ headers: { authorization: 'Bearer a+b/c=' } })
    const { websocket } = await open({ subprotocols: ['millrace.bearer.a%2Bb%2Fc%3D', 'json'] })
    expect(websocket.protocol).toBe('json')
  })

  it.each([
    ['missing', []],
    ['wrong', ['millrace.bearer.x']],
    ['no percent-encoding', ['millrace.bearer.%']],
  ])('that is %s is refused with 401, whatever else is asked', async (_, more) => {
    const { open } = await start({ callers })
    await expect(open({ path: '/nowhere', subprotocols: ['json', ...more] })).rejects.toMatchObject({
      status: 401,
      headers: {
        'www-authenticate': expect.stringContaining('Bearer'),
        'millrace-status': 'UNAUTHENTICATED',
      },
    })
  })
})

describe('the origin of a web page', () => {
  const listed = { ...defaultHttpRules, cors: ['https://example.org'] }

  it.each([
    ['none', defaultHttpRules, undefined],
    ['the same', defaultHttpRules, 'same'],
    ['a listed one', listed, 'https://example.org'],
    ['any with cors: true', { ...defaultHttpRules, cors: true }, 'https://evil.example'],
  ])('may be %s', async (_, http, origin) => {
    const { open, port } = await start({ http })
    const value = origin === 'same' ? `http://127.0.0.1:${port}` : origin
    await open({ headers: value === undefined ? {} : { origin: value } })
  })

  it.each([
    ['another one', defaultHttpRules],
    ['one that is not listed', listed],
  ])('may not be %s', async (_, http) => {
    const { open } = await start({ http })
    for (const origin of ['https://evil.example', 'null', 'https://example.org.evil.example']) {
      await expect(open({ headers: { origin } })).rejects.toMatchObject({ status: 403 })
    }
  })
})

it('another path is refused, and /dry_run without debugEndpoints', async () => {
  const { open } = await start({ http: { ...defaultHttpRules, debugEndpoints: false } })
  for (const path of ['/x', '/dry_run']) await expect(open({ path })).rejects.toMatchObject({ status: 404 })
  await open({ path: '/?x=1' })
})

it('a header that is no time is refused', async () => {
  const { open } = await start()
  await expect(open({ headers: { 'millrace-timeout': 'soon' } })).rejects.toMatchObject({ status: 400 })
})

it('a malformed handshake is refused', async () => {
  const { socket } = await start()
  const client = await socket()
  client.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
  expect(await everything(client)).toMatch(/^HTTP\/1\.1 400 /)
})

describe('a port of HTTP and WebSocket', () => {
  it('upgrades a connection that has had requests of HTTP', async () => {
    const { port } = await start()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const options = { host: '127.0.0.1', port, agent }
    const first = httpRequest({ ...options, path: '/health/live' })
    first.end()
    const [response] = await once(first, 'response')
    response.resume()
    await once(response, 'end')
    const second = httpRequest({
      ...options,
      path: '/',
      headers: Object.fromEntries(handshake.map((line) => line.split(': '))),
    })
    second.end()
    const [, socket] = await once(second, 'upgrade')
    expect(second.reusedSocket).toBe(true)
    socket.destroy()
    agent.destroy()
  })

  it('ignores upgrades to other protocols, and answers over HTTP', async () => {
    const { socket } = await start()
    const client = await socket()
    const body = JSON.stringify({ data: [{ text: 'hello' }] })
    const head = [
      'POST /echo HTTP/1.1',
      'host: a',
      'connection: Upgrade, HTTP2-Settings',
      'upgrade: h2c',
      'http2-settings: AAEAAEAA',
      'content-type: application/json',
      `content-length: ${body.length}`,
    ]
    client.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    const [first] = await once(client, 'data')
    expect(String(first)).toMatch(/^HTTP\/1\.1 200 /)
    expect(String(first)).toContain('"text":"hello"')
    client.write('GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    expect(await everything(client)).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('does not upgrade behind a request that has no answer yet', async () => {
    const { socket } = await start({ handle: () => new Promise(() => {}) })
    const client = await socket()
    client.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
    client.write(`GET / HTTP/1.1\r\nhost: a\r\n${handshake.join('\r\n')}\r\n\r\n`)
    expect(await everything(client)).toBe('')
  })
})

describe('a port of WebSocket alone', () => {
  it('answers health checks over HTTP, and says what it speaks', async () => {
    const { client } = await start({ protocols: ['websocket'] })
    for (const path of ['/', '/health/live', '/status', '/dry_run']) {
      expect((await client.get(path)).status).toBe(200)
    }
    const answer = await client.postJson({ data: [] })
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('speaks WebSocket')
  })

  it('takes the preflight requests of no browser', async () => {
    const { client } = await start({ protocols: ['websocket'] })
    expect((await client.send({ method: 'OPTIONS', path: '/' })).status).toBe(404)
  })
})

it('a port of HTTP alone does not upgrade', async () => {
  const { open } = await start({ protocols: ['http'] })
  await expect(open()).rejects.toMatchObject({ status: 200 })
})
