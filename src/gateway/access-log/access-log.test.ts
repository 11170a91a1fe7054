import { afterEach, describe, expect, test } from 'vitest'
import type { Handler, Service } from '../../call/call.js'
import { streaming, withText } from '../../call/call.suite.js'
import { MillraceError } from '../../errors.js'
import { gatewaySpec, pod, request, stageSpec, TestClient } from '../fixture.suite.js'
import { createGateway } from '../gateway.js'
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
): Promise<{ lines: Line[]; client: TestClient }> {
  const lines: Line[] = []
  const note =
    (level: Line['level']) =>
    (message: string, fields: object = {}): void =>
      void lines.push({ level, message, fields: fields as Line['fields'] })
  const gateway = createGateway(
    gatewaySpec([stageSpec('exec', { balance: 'round-robin' })], {
      accessLog: { sample: 1, headers: [], ...rules },
    }),
    { random: () => 0.5, logger: { info: note('info'), warn: note('warn') } },
  )
  const port = (await gateway.listen()).ports[0]!
  for (const [index, service] of services.entries())
    await gateway.add('exec', `exec/rep-${index}`, { kind: 'memory', service })
  const client = new TestClient(port)
  endings.push(async () => {
    client.close()
    await gateway.close({ graceMs: 0 })
  })
  return { lines, client }
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
