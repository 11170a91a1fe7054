import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { streaming, withText } from '../../../call/call.suite.js'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { HandClock } from '../../../lib/hand-clock.suite.js'
import { DataRequest } from '../../../wire/data-request.js'
import { convert } from '../../../wire/json/convert.js'
import { everything, httpServersOfTests } from './server.suite.js'

const start = httpServersOfTests()
const events = { accept: 'text/event-stream' }

/** Yields a document for each letter of the text. */
const letters = streaming(async function* (data) {
  for (const letter of data.docs.at(0)!.text) yield withText(data, letter)
})

/** An item as it comes from a pod: its document is bytes. */
function received(item: DataRequest): DataRequest {
  return DataRequest.decode(item.encode())
}

/** Events of a body, with their data parsed; the last is the rest that is no complete event. */
function parsed(text: string): readonly unknown[] {
  return text.split('\r\n\r\n').map((block) => {
    const [, name, data] = /^event: (\w+)(?:\r\ndata: (.*))?$/.exec(block) ?? []
    if (name === undefined) return block
    return data === undefined ? name : [name, JSON.parse(data)]
  })
}

function texts(text: string): readonly unknown[] {
  return parsed(text).flatMap((event) => (Array.isArray(event) ? [event[1].text] : [event]))
}

const get = (query: string): string =>
  `GET /echo${query} HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\n\r\n`

describe('a stream of server-sent events', () => {
  it('has the frames that the clients of Jina parse', async () => {
    const { client } = await start({ handle: letters })
    const answer = await client.postJson({ data: [{ id: 'x', text: 'ab' }] }, '/echo', events)
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    })
    expect(answer.text).toMatch(/^event: update\r\ndata: \{.*\}\r\n\r\nevent: update\r\ndata: \{/)
    expect(answer.text.endsWith('\r\n\r\nevent: end\r\n\r\n')).toBe(true)
    expect(texts(answer.text)).toEqual(['a', 'b', 'end', ''])
  })

  it('takes a document from the query or the body of a GET, and from a POST to any path', async () => {
    const seen: DataRequest[] = []
    const { client } = await start({
      handle: (data, call) => {
        seen.push(data)
        return letters(data, call)
      },
    })
    const query = 'text=ab&weight=0.5&tags={"n":1}&parameters={"top":3}&targetExecutor=one&unknown=null'
    const sent = [
      { method: 'GET', path: `/echo?${encodeURI(query)}` },
      { method: 'GET', path: '/echo', body: '{"text":"ab","weight":0.5,"tags":{"n":1}}' },
      { path: '/post', body: '{"exec_endpoint":"/echo","data":{"text":"ab","weight":0.5,"tags":{"n":1}}}' },
    ]
    for (const message of sent) {
      const { status, text } = await client.send({
        ...message,
        headers: { ...events, 'content-type': 'application/json' },
      })
      expect([status, texts(text)]).toEqual([200, ['a', 'b', 'end', '']])
    }
    for (const { endpoint, docs } of seen) {
      expect(endpoint).toBe('/echo')
      expect(docs.at(0)).toMatchObject({ text: 'ab', weight: 0.5, tags: { n: 1 } })
    }
    expect(seen[0]).toMatchObject({ parameters: { top: 3 }, targetExecutor: 'one' })
  })

  it('gives an endpoint an empty document when the request has none', async () => {
    const { client } = await start({
      handle: streaming(async function* (data) {
        yield withText(data, String(data.docs.length))
      }),
    })
    expect(texts((await client.send({ path: '/echo', headers: events })).text)).toEqual(['1', 'end', ''])
    const get = await client.send({ method: 'GET', path: '/echo', headers: events })
    expect(texts(get.text)).toEqual(['1', 'end', ''])
  })

  it.each([
    [
      'a member of the query that is not JSON',
      { method: 'GET', path: '/echo?weight=heavy' },
      422,
      'weight in the query',
    ],
    ['a field of the wrong type', { method: 'GET', path: '/echo?weight="a"' }, 422, 'weight'],
    ['two documents', { path: '/echo', body: '{"data":[{},{}]}' }, 422, 'one document'],
    ['an unknown path', { method: 'GET', path: '/ehco' }, 404, '/echo'],
    ['HEAD', { method: 'HEAD', path: '/echo' }, 405, ''],
    ['Last-Event-ID', { method: 'GET', path: '/echo', headers: { 'last-event-id': '3' } }, 400, 'resumed'],
  ])('refuses %s', async (_, message, status, reason) => {
    const { client } = await start({ handle: () => expect.unreachable() })
    const headers = {
      ...events,
      'content-type': 'application/json',
      ...('headers' in message && message.headers),
    }
    const answer = await client.send({ ...message, headers })
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(reason)
  })

  it('that the gateway refuses before the first document has the status of the refusal', async () => {
    const refusal = new MillraceError('RESOURCE_EXHAUSTED', 'full', { notRun: true, retryAfterMs: 1000 })
    const { client } = await start({ handle: () => Promise.reject(refusal) })
    const answer = await client.send({ path: '/echo', headers: events })
    expect(answer.status).toBe(429)
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'millrace-not-run': 'true' })
  })

  it.each([
    [
      'of an Executor',
      async (data: DataRequest) => {
        const answer = data.answer()
        answer.status = { code: 'ERROR', description: 'TypeError: bad' }
        return answer
      },
    ],
    ['of a hop', () => Promise.reject(new MillraceError('UNAVAILABLE', 'TypeError: bad'))],
  ])('tells a failure %s after documents in an event, and breaks the connection', async (_, end) => {
    const { socket, serving } = await start({
      handle: async (data, call) => {
        await letters(data, call)
        return end(data)
      },
    })
    const reader = await socket()
    reader.write(get('?text=a'))
    const answer = await everything(reader)
    const [error] = answer.match(/event: error\r\ndata: .*/) ?? ['']
    expect(error).toContain('"description":"TypeError: bad"')
    expect(answer).toContain('"text":"a"')
    expect(answer).not.toContain('event: end')
    expect(answer.endsWith('\r\n0\r\n\r\n')).toBe(false)
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('whose document is no JSON ends with an event that says so', async () => {
    const { socket } = await start({
      handle: streaming(async function* () {
        yield DataRequest.decode(Buffer.from([0x22, 0x03, 0x12, 0x01, 0xff]))
      }),
    })
    const reader = await socket()
    reader.write(get(''))
    expect(await everything(reader)).toContain('event: error')
  })

  it('says that it lives every 15 seconds without a document, from before the first one', async () => {
    const clock = new HandClock()
    const [begun, gate] = [deferred(), deferred()]
    const { socket } = await start({
      clock,
      handle: streaming(async function* (data) {
        begun.resolve()
        await gate.promise
        yield withText(data, 'late')
      }),
    })
    const reader = await socket()
    let received = ''
    reader.on('data', (chunk: Buffer) => (received += chunk.toString()))
    reader.write(get(''))
    await begun.promise
    for (const [ms, beats] of [
      [14_999, 0],
      [1, 1],
      [15_000, 2],
    ] as const) {
      clock.move(ms)
      await expect.poll(() => received.match(/: ping - \S+Z\r\n\r\n/g)?.length ?? 0).toBe(beats)
    }
    gate.resolve()
    await expect.poll(() => received).toContain('event: end\r\n\r\n')
    clock.move(60_000)
    expect(received.match(/ping/g)).toHaveLength(2)
  })

  it('aborts the call of a client that leaves, also one that is pipelined behind another, and holds nothing', async () => {
    const aborted: unknown[] = []
    let begun = 0
    const { socket, serving } = await start({
      handle: streaming(async function* (data, { signal }) {
        begun++
        signal.addEventListener('abort', () => aborted.push(signal.reason))
        for (;;) yield withText(data, 'a'.repeat(1_000_000))
      }),
    })
    const reader = await socket()
    reader.write(get('').repeat(2))
    await expect.poll(() => begun).toBe(2)
    reader.destroy()
    await expect.poll(() => aborted).toHaveLength(2)
    expect(aborted[0]).toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('is made as fast as its client reads', async () => {
    let made = 0
    const { socket, serving } = await start({
      handle: streaming(async function* (data) {
        for (; made < 500; made++) yield withText(data, 'a'.repeat(100_000))
      }),
    })
    const reader = await socket()
    reader.pause()
    reader.write(get(''))
    let last = -1
    await expect
      .poll(
        () => {
          const isStill = made === last
          last = made
          return isStill && made > 0
        },
        { interval: 200 },
      )
      .toBe(true)
    expect(made).toBeLessThan(250)
    expect(serving.budget.used).toBeLessThan(1_000_000)
    let read = 0
    reader.on('data', (chunk: Buffer) => (read += chunk.length))
    reader.resume()
    await expect.poll(() => made, { timeout: 20_000 }).toBe(500)
    await expect.poll(() => read).toBeGreaterThan(50_000_000)
    await expect.poll(() => serving.budget.used).toBeLessThan(100_000)
  })

  it('is not cut while a client reads a large document slowly', async () => {
    const clock = new HandClock()
    const stallMs = 1000
    const { socket, serving } = await start({
      clock,
      limits: { stallMs },
      handle: streaming(async function* (data) {
        yield withText(data, 'a'.repeat(20_000_000))
      }),
    })
    const reader = await socket()
    let received = 0
    let last = ''
    let reserved = 0
    let slowMs = 0
    reader.on('data', (chunk: Buffer) => {
      received += chunk.length
      last = chunk.toString().slice(-40)
      const { used } = serving.budget
      // the client has taken a part: it may take almost as long for it as it has
      if (used < reserved) {
        clock.move(0.9 * stallMs)
        slowMs += 0.9 * stallMs
      }
      reserved = used
    })
    const closed = once(reader, 'close')
    reader.write(get('').replace('accept:', 'connection: close\r\naccept:'))
    await closed
    expect(slowMs).toBeGreaterThan(3 * stallMs)
    expect(received).toBeGreaterThan(20_000_000)
    expect(last).toContain('event: end')
  })

  it('has a large document converted in the thread for JSON, in its order', async () => {
    const [begun, held] = [deferred(), deferred()]
    const kinds: string[] = []
    const { client } = await start({
      json: {
        async convert(conversion) {
          kinds.push(conversion.kind)
          begun.resolve()
          await held.promise
          return convert(conversion)
        },
      },
      handle: streaming(async function* (data) {
        for (const text of ['small', 'a'.repeat(500_000), 'last']) yield received(withText(data, text))
      }),
    })
    const answer = client.send({ path: '/echo', headers: events })
    await begun.promise
    held.resolve()
    expect(texts((await answer).text)).toEqual(['small', 'a'.repeat(500_000), 'last', 'end', ''])
    expect(kinds).toEqual(['document'])
  })

  it('whose large document cannot be converted ends with the error', async () => {
    const { socket, serving } = await start({
      json: { convert: () => Promise.reject(new MillraceError('INVALID_INPUT', 'no JSON for it')) },
      handle: streaming(async function* (data) {
        yield received(withText(data, 'a'.repeat(500_000)))
      }),
    })
    const reader = await socket()
    reader.write(get('').replace('accept:', 'connection: close\r\naccept:'))
    expect(await everything(reader)).toContain('no JSON for it')
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('that ends early in the middle of a document ends after it', async () => {
    const clock = new HandClock()
    const { socket } = await start({
      clock,
      timeoutMs: 1000,
      handle: streaming(async function* (data) {
        yield withText(data, 'a'.repeat(20_000_000))
      }),
    })
    const reader = await socket()
    reader.pause()
    const answer = everything(reader)
    reader.pause()
    reader.write(get(''))
    await once(reader, 'readable')
    clock.move(1000)
    reader.resume()
    expect((await answer).replaceAll(/a{9,}/g, 'A')).toMatch(
      /"matches":null\}\r\n\r\n\r\n[0-9a-f]+\r\nevent: error\r\n/,
    )
  })

  it('that is not read for stallMs is cut, and its call is aborted', async () => {
    const stopped = deferred<unknown>()
    const { socket, serving } = await start({
      limits: { stallMs: 300 },
      handle: streaming(async function* (data, { signal }) {
        signal.addEventListener('abort', () => stopped.resolve(signal.reason))
        for (;;) yield withText(data, 'a'.repeat(100_000))
      }),
    })
    const reader = await socket()
    reader.pause()
    reader.write(get(''))
    expect(await stopped.promise).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('that takes longer than timeoutMs ends with the error', async () => {
    const { socket } = await start({
      timeoutMs: 50,
      handle: streaming(async function* (data, { signal }) {
        yield withText(data, 'a')
        await once(signal, 'abort')
      }),
    })
    const reader = await socket()
    reader.write(get(''))
    expect(await everything(reader)).toMatch(/event: error\r\ndata: .*There was no answer within 50 ms/)
  })

  it('finishes before the gateway closes, which then closes the connection', async () => {
    const [begun, gate] = [deferred(), deferred()]
    const { listeners, socket, serving } = await start({
      handle: streaming(async function* (data) {
        yield withText(data, 'a')
        begun.resolve()
        await gate.promise
        yield withText(data, 'b')
      }),
    })
    const reader = await socket()
    const answer = everything(reader)
    reader.write(get(''))
    await begun.promise
    const closed = listeners.close({ graceMs: 60_000 })
    gate.resolve()
    await closed
    expect(await answer).toContain('event: end')
    expect(serving.budget.used).toBe(0)
  })
})
