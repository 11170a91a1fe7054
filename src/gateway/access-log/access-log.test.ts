import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Handler, Service } from '../../call/call.js'
import { streaming, withText } from '../../call/call.suite.js'
import { MillraceError } from '../../errors.js'
import { deferred } from '../../lib/deferred.js'
import { defaultHttpRules } from '../http-rules.js'
import { gatewaySpec, pod, request, stageSpec, TestClient } from '../fixture.suite.js'
import { createGateway } from '../gateway.js'
import type { GatewaySpec } from '../spec.js'
import { HttpTestClient } from '../protocols/http/http-client.suite.js'
import type { AccessLogRules } from './access-log.js'

const endings: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

interface Line {
  readonly level: 'info' | 'warn'
  readonly message: string
  readonly fields: Record<string, unknown>
}

async function started(
  services: readonly Service[],
  rules: Partial<AccessLogRules> = {},
  more: Partial<GatewaySpec> = {},
): Promise<{ lines: Line[]; client: TestClient; port: number }> {
  const lines: Line[] = []
  const note =
    (level: Line['level']) =>
    (message: string, fields: object = {}): void =>
      void lines.push({ level, message, fields: fields as Line['fields'] })
  const gateway = createGateway(
    gatewaySpec([stageSpec('exec', { balance: 'round-robin' })], {
      accessLog: { sample: 1, headers: [], ...rules },
      ...more,
    }),
    { random: () => 0.5, logger: { debug: () => {}, info: note('info'), warn: note('warn') } },
  )
  const port = (await gateway.listen()).ports[0]!
  for (const [index, service] of services.entries())
    await gateway.add('exec', `exec/rep-${index}`, { kind: 'memory', service })
  const client = new TestClient(port)
  endings.push(async () => {
    client.close()
    await gateway.close({ graceMs: 0 })
  })
  return { lines, client, port }
}

const failing: Handler = () => Promise.reject(new MillraceError('UNAVAILABLE', 'it is gone'))

describe('the access log', () => {
  test('has a line for a request: where from, what, how large, how long, where', async () => {
    const { lines, client } = await started([pod()])
    const sent = request('/foo', ['a', 'b'])
    await client.send(sent)
    expect(lines).toEqual([
      {
        level: 'info',
        message: expect.stringMatching(/^\/foo OK [\d.]+ ms$/),
        fields: {
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          requestId: sent.requestId,
          endpoint: '/foo',
          protocol: 'grpc',
          client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          code: 'OK',
          ms: expect.any(Number),
          documentsIn: 2,
          bytesIn: expect.any(Number),
          documentsOut: 2,
          bytesOut: expect.any(Number),
          stages: [
            {
              stage: 'exec',
              ms: expect.any(Number),
              tries: [{ pod: 'exec/rep-0', ms: expect.any(Number), code: 'OK' }],
            },
          ],
        },
      },
    ])
    expect(lines[0]!.fields.bytesIn).toBeGreaterThan(0)
  })

  test('lists every try', async () => {
    const { lines, client } = await started([pod(failing), pod()])
    await client.send(request())
    await client.send(request())
    const tries = lines.map(({ fields }) => (fields.stages as { tries: { code: string }[] }[])[0]!.tries)
    expect(tries.map((each) => each.map(({ code }) => code))).toContainEqual(['UNAVAILABLE', 'OK'])
  })

  test('counts the documents of a stream', async () => {
    const three = streaming(async function* (data) {
      for (const text of ['a', 'b', 'c']) yield withText(data, text)
    })
    const { lines, client } = await started([pod(three)])
    const stream = client.items(
      '/jina.JinaSingleDocumentRequestRPC/stream_doc',
      Buffer.concat(request().encodeSingleDocument()),
    )
    stream.resume()
    await new Promise((resolve) => stream.on('end', resolve))
    expect(lines).toMatchObject([{ message: /^\/foo OK/, fields: { documentsIn: 1, documentsOut: 3 } }])
  })

  test('leaves out successes by their share, and never a failure', async () => {
    const refused: Handler = async (data) => {
      const answer = data.answer()
      if (data.endpoint === '/refused') answer.status = { code: 'ERROR', description: 'no such thing' }
      return answer
    }
    const { lines, client } = await started([pod(refused)], { sample: 0.4 })
    await client.send(request('/fine'))
    await client.send(request('/refused'))
    expect(lines).toMatchObject([
      { level: 'warn', fields: { endpoint: '/refused', code: 'EXECUTOR_FAILED', error: 'no such thing' } },
    ])
  })

  test('shows the headers that were asked for, and no credentials', async () => {
    const { lines, client } = await started([pod()], { headers: ['X-Tenant', 'authorization', 'x-absent'] })
    await client.send(request(), { 'x-tenant': 'acme', authorization: 'Bearer 123', 'x-other': 'o' })
    expect(lines[0]!.fields.headers).toEqual({ 'x-tenant': 'acme', authorization: '[redacted]' })
  })

  test('has one line for an endpoint with line feeds, and cuts what is long', async () => {
    const { lines, client } = await started([pod()])
    await client.send(request(`/a\nb${'x'.repeat(1000)}`))
    expect(lines[0]!.message).toMatch(/^"\/a\\nbx+…" OK/)
    expect(lines[0]!.message.length).toBeLessThan(250)
  })
})

describe('the access log of HTTP', () => {
  const listeners = [{ protocols: ['http'], host: '127.0.0.1', port: 0 }] as const

  async function overHttp(handle: Handler, more: Partial<GatewaySpec> = {}) {
    const { lines, port } = await started([pod(handle)], {}, { listeners, ...more })
    const http = new HttpTestClient(port)
    endings.push(async () => http.close())
    return { lines, http, port }
  }

  test('has the status of each answer', async () => {
    const { lines, http } = await overHttp(async (data) => {
      const answer = data.answer()
      if (data.endpoint === '/bad') answer.status = { code: 'ERROR', description: 'bad' }
      return answer
    })
    await http.postJson({ execEndpoint: '/foo' })
    await http.postJson({ execEndpoint: '/bad' })
    expect(lines).toMatchObject([
      { level: 'info', fields: { endpoint: '/foo', protocol: 'http', code: 'OK', status: 200 } },
      { level: 'warn', fields: { endpoint: '/bad', code: 'EXECUTOR_FAILED', status: 200 } },
    ])
  })

  test('has 500 for a failed Executor where the Flow answers that, and 504 for a late one', async () => {
    const { lines, http } = await overHttp(
      async (data) => {
        if (data.endpoint === '/late') return new Promise(() => {})
        const answer = data.answer()
        answer.status = { code: 'ERROR', description: 'bad' }
        return answer
      },
      { http: { ...defaultHttpRules, errorStatus: true }, timeoutMs: 200 },
    )
    const statuses = [
      (await http.postJson({ execEndpoint: '/bad' })).status,
      (await http.postJson({ execEndpoint: '/late' })).status,
    ]
    expect(statuses).toEqual([500, 504])
    expect(lines.map(({ fields }) => fields.status)).toEqual(statuses)
  })

  test('has 499 for a client that left, while its request was handled or while it sent it', async () => {
    const handled = deferred()
    const { lines, port } = await overHttp(() => {
      handled.resolve()
      return new Promise(() => {})
    })
    const leaving = connect(port, '127.0.0.1')
    leaving.write(
      'POST /index HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}',
    )
    await handled.promise
    leaving.destroy()
    await expect
      .poll(() => lines)
      .toMatchObject([{ level: 'warn', fields: { endpoint: '/index', code: 'CANCELLED', status: 499 } }])
    const sending = connect(port, '127.0.0.1')
    const head =
      'PUT /update?key=secret HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-type: application/json\r\n'
    sending.write(`${head}x-request-id: mine\r\ncontent-length: 100\r\n\r\n`)
    await once(sending, 'data') // 100 Continue: the request has begun
    sending.destroy()
    await expect
      .poll(() => lines[1])
      .toEqual({
        level: 'warn',
        message: expect.stringMatching(/^"PUT \/update" CANCELLED [\d.]+ ms$/),
        fields: {
          time: expect.any(String),
          requestId: 'mine',
          target: 'PUT /update',
          client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          code: 'CANCELLED',
          protocol: 'http',
          status: 499,
          error: 'The client went away.',
          ms: expect.any(Number),
        },
      })
  })

  test('has a line for a request that is refused before it gets to the Flow, and none for health checks', async () => {
    const rateLimit = { perSecond: 0.001, burst: 3, by: 'address' } as const
    const { lines, http } = await overHttp(async (data) => data.answer(), { rateLimit })
    await http.get('/health/live')
    await http.postJson({}, '/no\nbody'.replace('\n', '%0A'))
    await http.send({ path: '/index', headers: { 'content-type': 'text/plain' }, body: 'a' })
    await http.send({ path: '/index', headers: { 'content-type': 'application/json' }, body: '{' })
    await http.postJson({}, '/index')
    expect(lines.map(({ fields }) => [fields.target, fields.code, fields.status])).toEqual([
      ['POST /no%0Abody', 'NOT_FOUND', 404],
      ['POST /index', 'UNSUPPORTED', 415],
      ['POST /index', 'MALFORMED', 400],
      ['POST /index', 'RESOURCE_EXHAUSTED', 429],
    ])
  })
})

test('the access log of gRPC has a line for a call that is refused before it becomes a request', async () => {
  const rateLimit = { perSecond: 0.001, burst: 1, by: 'address' } as const
  const { lines, client } = await started([pod()], {}, { rateLimit })
  await client.send(request())
  await expect(client.send(request())).rejects.toThrow('rateLimit')
  await expect(client.unary('/a/b', new Uint8Array())).rejects.toThrow('rateLimit')
  expect(lines.slice(1)).toMatchObject([
    {
      level: 'warn',
      fields: {
        target: '/jina.JinaSingleDataRequestRPC/process_single_data',
        protocol: 'grpc',
        code: 'RESOURCE_EXHAUSTED',
      },
    },
    { level: 'warn', fields: { target: '/a/b' } },
  ])
})
