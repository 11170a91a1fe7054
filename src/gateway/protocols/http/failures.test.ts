import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { Call } from '../../../call/call.js'
import { MillraceError, type MillraceErrorOptions, type ErrorCode } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { DataRequest } from '../../../wire/data-request.js'
import { defaultHttpRules } from '../../http-rules.js'
import { everything, httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const json = { 'content-type': 'application/json' }

describe('failures over HTTP', () => {
  it.each<[ErrorCode, MillraceErrorOptions, number, string | undefined]>([
    ['UNAVAILABLE', {}, 503, '1'],
    ['UNAVAILABLE', { retryAfterMs: 2500 }, 503, '3'],
    ['NOT_FOUND', {}, 404, undefined],
    ['NOT_FOUND', { where: { deployment: 'exec' } }, 503, '1'],
    ['DEADLINE_EXCEEDED', {}, 504, undefined],
    ['RESOURCE_EXHAUSTED', { notRun: true, retryAfterMs: 100 }, 429, '1'],
    ['RESOURCE_EXHAUSTED', { retryable: false }, 500, undefined],
    ['INVALID_INPUT', {}, 422, undefined],
    ['MALFORMED', {}, 400, undefined],
    ['UNSUPPORTED', {}, 501, undefined],
    ['OUTCOME_UNKNOWN', {}, 500, undefined],
    ['POISON_REQUEST', {}, 500, undefined],
    ['INTERNAL', {}, 500, undefined],
  ])('%s with %j is %i', async (code, options, status, retryAfter) => {
    const { client } = await start({
      handle: async () => Promise.reject(new MillraceError(code, 'this is why', options)),
    })
    const answer = await client.postJson({ header: { requestId: 'r' } }, '/echo')
    expect(answer.status).toBe(status)
    expect(answer.headers['millrace-status']).toBe(code)
    expect(answer.headers['millrace-not-run']).toBe(options.notRun === true ? 'true' : undefined)
    expect(answer.headers['retry-after']).toBe(retryAfter)
    const { header } = JSON.parse(answer.text)
    expect(header.status.code).toBe(1)
    expect(header.status.description).toContain('this is why')
    expect(header.requestId).toBe('r')
  })

  it('an error of an Executor is told in the body of a 200, or of a 500 by option', async () => {
    const handle = async (data: DataRequest) => {
      const answer = data.answer()
      const exception = { name: 'TypeError', args: ['bad'], stacks: ['at x\n'], executor: 'Exec' }
      answer.status = { code: 'ERROR', description: 'TypeError: bad', exception }
      return answer
    }
    for (const [errorStatus, status] of [
      [false, 200],
      [true, 500],
    ] as const) {
      const { client } = await start({ handle, http: { ...defaultHttpRules, errorStatus } })
      const answer = await client.postJson({}, '/echo')
      expect([answer.status, answer.headers['millrace-status']]).toEqual([status, 'EXECUTOR_FAILED'])
      expect(JSON.parse(answer.text).header.status).toEqual({
        code: 1,
        description: 'TypeError: bad',
        exception: { name: 'TypeError', args: ['bad'], stacks: ['at x\n'], executor: 'Exec' },
      })
    }
  })

  it.each([
    [{ data: [{}, { text: 3 }] }, 'data[1].text', ['body', 'data', 1, 'text']],
    [
      { data: { docs: [{ tensor: [[1], [2, 3]] }] } },
      'data.docs[0].tensor',
      ['body', 'data', 'docs', 0, 'tensor'],
    ],
    [
      { data: [{ chunks: [{}, { matches: [{ blob: '%' }] }] }] },
      'data[0].chunks[1].matches[0].blob',
      ['body', 'data', 0, 'chunks', 1, 'matches', 0, 'blob'],
    ],
    [{ data: ['text'] }, 'data[0]', ['body', 'data', 0]],
    [{ data: 5 }, 'data', ['body', 'data']],
    [{ parameters: [] }, 'parameters', ['body', 'parameters']],
    [{ header: { requestId: 5 } }, 'header.requestId', ['body', 'header', 'requestId']],
    [{ execEndpoint: {} }, 'execEndpoint', ['body', 'execEndpoint']],
    [{ data: { scores: { a: { op_name: 5 } } } }, 'data.scores', ['body', 'data', 'scores']],
    [{ data: { scores: { a: { ref_id: [] } } } }, 'data.scores', ['body', 'data', 'scores']],
    [{ data: { evaluations: { a: 'x' } } }, 'data.evaluations', ['body', 'data', 'evaluations']],
  ])('%j is refused at %s', async (body, place, loc) => {
    const { client } = await start({ handle: () => expect.unreachable() })
    const answer = await client.postJson(body)
    expect(answer.status).toBe(422)
    const { header, detail } = JSON.parse(answer.text)
    expect(header.status.description).toContain(`${place}: `)
    expect(detail).toEqual([{ loc, msg: expect.any(String), type: 'value_error' }])
  })

  it.each([
    ['{"data":', 400],
    [Buffer.from([0x22, 0xff, 0x22]), 400],
    ['[]', 422],
    ['null', 422],
    ['"x"', 422],
    [`{"data":[${'{"chunks":['.repeat(80)}${']}'.repeat(80)}]}`, 422],
    [`{"parameters":${'{"a":'.repeat(80)}1${'}'.repeat(80)}}`, 422],
    [`{"data":[{"tensor":${'['.repeat(100)}1${']'.repeat(100)}}]}`, 422],
  ])('the body %s gets %i', async (body, status) => {
    const { client } = await start()
    expect((await client.send({ path: '/echo', headers: json, body })).status).toBe(status)
  })

  it('a request whose time passes before an Executor began gets 504, and not the status of slow bodies', async () => {
    const { client } = await start({
      handle: () => Promise.reject(new MillraceError('DEADLINE_EXCEEDED', 'in the queue', { notRun: true })),
    })
    expect((await client.postJson({}, '/echo')).status).toBe(504)
  })

  it.each(['a\rb', 'ä', 'two words', 'a'.repeat(200)])(
    'the id %j of a body is answered in the body, and not in a header',
    async (requestId) => {
      const { client } = await start()
      const answer = await client.postJson({ header: { requestId } }, '/echo')
      expect(JSON.parse(answer.text).header.requestId).toBe(requestId)
      expect(answer.headers).not.toHaveProperty('x-request-id')
    },
  )

  it('a method that no route has gets 405 also with a body of another type, or without a type', async () => {
    const { client } = await start()
    for (const method of ['QUERY', 'PROPFIND']) {
      const { status, headers } = await client.send({ method, path: '/echo' })
      expect([method, status, headers['allow']]).toEqual([method, 405, 'POST'])
    }
  })

  it('a body of another type is refused with the list of possible types', async () => {
    const { client } = await start()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await client.send({ path: '/echo', headers: { 'content-type': type }, body: 'a' })
      expect(answer.status).toBe(415)
      expect(answer.text).toContain('application/json or application/x-protobuf')
    }
  })

  it('malformed protobuf is refused in protobuf', async () => {
    const { client } = await start()
    const headers = { 'content-type': 'application/x-protobuf' }
    const answer = await client.send({ path: '/echo', headers, body: Buffer.from([255, 255]) })
    expect([answer.status, answer.headers['content-type']]).toEqual([400, 'application/x-protobuf'])
    expect(DataRequest.decode(answer.bytes).status?.code).toBe('ERROR')
  })

  it('a body that is too large is refused before it is sent, and while it is sent', async () => {
    const { client, serving } = await start({ maxMessageBytes: 2000 })
    const body = Buffer.alloc(5000, ' ')
    const known = await client.send({ path: '/echo', headers: json, body })
    expect(known.status).toBe(413)
    expect(known.text).toContain('maxMessageBytes')
    const chunked = await client.send({
      path: '/echo',
      headers: { ...json, 'transfer-encoding': 'chunked' },
      body,
    })
    expect(chunked.status).toBe(413)
    const expecting = await client.send({ path: '/echo', headers: { ...json, expect: '100-continue' }, body })
    expect(expecting.status).toBe(413)
    expect(serving.budget.used).toBeLessThan(100_000)
  })

  it('an answer that is too large is refused', async () => {
    const { client } = await start({ maxMessageBytes: 400 })
    const answer = await client.postJson({ data: [{ text: 'a'.repeat(300) }] }, '/echo')
    expect([answer.status, answer.headers['millrace-status']]).toEqual([500, 'RESOURCE_EXHAUSTED'])
  })

  it('a request without room in the budget is refused with 429', async () => {
    const { client, serving } = await start({ limits: { maxBytes: 2 ** 20 } })
    const body = JSON.stringify({ data: [{ text: 'a'.repeat(700_000) }] })
    const answer = await client.send({ path: '/echo', headers: json, body })
    expect(answer.status).toBe(429)
    expect(answer.text).toContain('limits.maxBytes')
    expect(serving.budget.used).toBeLessThan(200_000)
  })

  it('headers that are too large, and bytes that are no request, are refused', async () => {
    const { client, socket } = await start()
    expect((await client.postJson({}, '/echo', { 'x-big': 'a'.repeat(20_000) })).status).toBe(431)
    const broken = await socket()
    broken.write('GET / HTTP/9.9\r\n\r\n')
    expect(await everything(broken)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('the time that the client allows ends the request', async () => {
    let heard: Call | undefined
    const { client } = await start({
      handle: (_, call) => {
        heard = call
        return new Promise(() => {})
      },
    })
    const answer = await client.postJson({}, '/echo', { 'millrace-timeout': '20' })
    expect([answer.status, answer.headers['millrace-status']]).toEqual([504, 'DEADLINE_EXCEEDED'])
    expect(heard?.aborted?.code).toBe('DEADLINE_EXCEEDED')
    expect((await client.postJson({}, '/echo', { 'millrace-timeout': 'soon' })).status).toBe(400)
  })

  it('a client that leaves cancels the call, also in the middle of a body', async () => {
    const begun = deferred()
    const aborted = deferred<string>()
    const { socket, serving } = await start({
      handle: (_, call) => {
        call.onAbort({ abort: ({ code }) => aborted.resolve(code) })
        begun.resolve()
        return new Promise(() => {})
      },
    })
    const sender = await socket()
    sender.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
    await begun.promise
    sender.destroy()
    expect(await aborted.promise).toBe('CANCELLED')
    const half = await socket()
    half.write(
      'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"d',
    )
    await expect.poll(() => serving.budget.used).toBeGreaterThan(0)
    half.destroy()
    await once(half, 'close')
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('pipelined requests are answered in order, and one too many is refused', async () => {
    const { socket } = await start({ limits: { maxCalls: 2 } })
    const sender = await socket()
    const one = 'GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n'
    sender.write(
      one + one.replace('GET /health/live', 'GET /status') + one.replace('host', 'connection: close\r\nhost'),
    )
    const all = await everything(sender)
    expect(all.match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '200', '429'])
    expect(all.indexOf('"live"')).toBeLessThan(all.indexOf('"node"'))
  })
})
