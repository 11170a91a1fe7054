import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import { RawTensor } from '../../../document/index.js'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { HandClock } from '../../../lib/hand-clock.suite.js'
import { DataRequest } from '../../../wire/data-request.js'
import { closeCode } from '../../../wire/websocket.js'
import { request } from '../../fixture.suite.js'
import type { Serving } from '../../serving.js'
import type { TestSocket } from './websocket-client.suite.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

const echo: Serving['handle'] = async (data) => data.answer()

describe('requests as JSON', () => {
  it('are answered with their ids, in the form of Jina, until an empty object ends them', async () => {
    const { open } = await start()
    const socket = await open()
    socket.sendJson({
      header: { requestId: 'a' },
      execEndpoint: '/x',
      data: [{ text: 'ä' }],
      parameters: { top: 3 },
    })
    expect(await socket.nextJson()).toMatchObject({
      header: { request_id: 'a', status: { code: 0 }, exec_endpoint: '/x', target_executor: null },
      parameters: { top: 3 },
      data: [{ text: 'ä' }],
    })
    socket.sendJson({})
    expect(await socket.closed).toEqual({ code: closeCode.complete, reason: '' })
  })

  it('of which one does not fit is answered with the reason, and the others go on', async () => {
    const { open } = await start()
    const socket = await open({ subprotocols: ['json'] })
    socket.sendJson({ header: { request_id: 'bad' }, data: [{ text: 5 }] })
    const answer = await socket.nextJson()
    expect(answer.header).toMatchObject({ request_id: 'bad', status: { code: 1 } })
    expect(answer.header.status.description).toContain('data[0].text')
    expect(answer.header.status.exception.args[1]).toBe('INVALID_INPUT')
    socket.sendJson({ header: { request_id: 'good' }, data: [] })
    expect((await socket.nextJson()).header).toMatchObject({ request_id: 'good', status: { code: 0 } })
  })

  it('with an answer that JSON cannot hold are told so', async () => {
    const raw = new RawTensor({ bytes: new Uint8Array(16), shape: [1], dtype: '<c16', clsName: 'numpy' })
    const { open } = await start({
      handle: async (data) => {
        const answer = data.answer()
        answer.docs = new DocumentArray([new Document({ tensor: raw })])
        return answer
      },
    })
    const socket = await open()
    socket.sendJson({ data: [] })
    const { header } = await socket.nextJson()
    expect(header.status.exception.args[1]).toBe('UNSUPPORTED')
    expect(header.status.description).toContain('sub-protocol bytes')
  })

  it.each([
    ['no JSON', 'hello', closeCode.malformed],
    ['not in UTF-8', Buffer.from([0xff]), closeCode.wrongKind],
  ])('that are %s close the socket with the reason', async (_, message, code) => {
    const { open } = await start()
    const socket = await open()
    socket.send(message)
    expect(await socket.closed).toMatchObject({ code, reason: expect.stringMatching(/./) })
  })
})

describe('requests in protobuf', () => {
  it.each([0, 1])('are answered as they complete, until the byte %i ends them', async (end) => {
    const first = deferred()
    const { open } = await start({
      handle: async (data) => {
        if (data.docs.at(0)!.text === 'first') await first.promise
        return data.answer()
      },
    })
    const socket = await open({ subprotocols: ['bytes'] })
    for (const text of ['first', 'second']) socket.send(request('/x', [text]).encode())
    socket.send(Buffer.from([end]))
    expect((await socket.nextData()).docs.texts).toEqual(['second'])
    first.resolve()
    expect((await socket.nextData()).docs.texts).toEqual(['first'])
    expect((await socket.closed).code).toBe(closeCode.complete)
  })

  it('are answered in their order when the client wants that', async () => {
    const first = deferred()
    const { open } = await start({
      handle: async (data) => {
        if (data.docs.at(0)!.text === 'first') await first.promise
        else setImmediate(() => first.resolve())
        return data.answer()
      },
    })
    const socket = await open({ subprotocols: ['bytes'], headers: { __results_in_order__: 'true' } })
    for (const text of ['first', 'second']) socket.send(request('/x', [text]).encode())
    expect((await socket.nextData()).docs.texts).toEqual(['first'])
    expect((await socket.nextData()).docs.texts).toEqual(['second'])
  })

  it('that cannot be read, or are texts, close the socket', async () => {
    const { open } = await start()
    const one = await open({ subprotocols: ['bytes'] })
    one.send(Buffer.from([0xff, 0xff, 0xff]))
    expect((await one.closed).code).toBe(closeCode.malformed)
    const other = await open({ subprotocols: ['bytes'] })
    other.send('{}')
    expect((await other.closed).code).toBe(closeCode.wrongKind)
  })

  it('that are too large close the socket, and what was sent of them is not held', async () => {
    const { open, serving } = await start({ maxMessageBytes: 1000 })
    const socket = await open({ subprotocols: ['bytes'] })
    socket.send(Buffer.alloc(100_000))
    expect((await socket.closed).code).toBe(closeCode.tooLarge)
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('with an answer that is too large are told so', async () => {
    const { open } = await start({
      maxMessageBytes: 1000,
      handle: async () => request('/x', ['a'.repeat(2000)]),
    })
    const socket = await open({ subprotocols: ['bytes'] })
    socket.send(request().encode())
    expect((await socket.nextData()).status?.description).toContain('maxMessageBytes')
  })
})

describe('the end of a socket of Jina’s protocol with an error', () => {
  const failing = {
    handle: async (data: DataRequest) => {
      const answer = data.answer()
      answer.status = { code: 'ERROR', description: 'TypeError: bad' }
      return answer
    },
  } as const

  /** Sends a request and the end of requests, and resolves when the error has come. */
  async function failed(socket: TestSocket): Promise<void> {
    socket.send(request().encode())
    socket.send(Buffer.from([0]))
    expect((await socket.nextData()).status?.code).toBe('ERROR')
  }

  it('comes when its client has had turns to raise the error: after it has answered pings', async () => {
    const { open } = await start(failing)
    const socket = await open({ subprotocols: ['bytes'] })
    let pings = 0
    socket.websocket.on('ping', () => pings++)
    await failed(socket)
    expect((await socket.closed).code).toBe(closeCode.complete)
    expect(pings).toBe(4)
  })

  it('comes after 20 seconds when its client does not answer pings', async () => {
    const clock = new HandClock()
    const { open } = await start({ clock, ...failing })
    const socket = await open({ subprotocols: ['bytes'], options: { autoPong: false } })
    const pinged = once(socket.websocket, 'ping')
    await failed(socket)
    await pinged
    expect(socket.websocket.readyState).toBe(socket.websocket.OPEN)
    clock.move(20_000)
    expect((await socket.closed).code).toBe(closeCode.complete)
  })
})

describe('a request that is refused', () => {
  const unreachable = new MillraceError('UNAVAILABLE', 'no replica', {
    where: { deployment: 'exec', address: 'a:1' },
  })

  it('by the network closes a socket of Jina’s protocol, with Jina’s text when the reason is too long', async () => {
    const long = new MillraceError('UNAVAILABLE', 'x'.repeat(200), { where: unreachable.where })
    const errors = [unreachable, long]
    const { open } = await start({ handle: () => Promise.reject(errors.shift()) })
    for (const reason of [
      'no replica',
      'Network error while connecting to deployment at a:1. It may be down.',
    ]) {
      const socket = await open({ subprotocols: ['bytes'] })
      socket.send(request().encode())
      expect(await socket.closed).toEqual({ code: closeCode.failed, reason })
    }
  })

  it('is answered in the protocol of Millrace, with its facts', async () => {
    const { open } = await start({ handle: () => Promise.reject(unreachable) })
    const socket = await open({ subprotocols: ['millrace.bytes'] })
    const sent = request()
    socket.send(sent.encode())
    const answer = await socket.nextData()
    expect(answer.requestId).toBe(sent.requestId)
    expect(answer.status).toMatchObject({
      code: 'ERROR',
      exception: { args: [expect.anything(), 'UNAVAILABLE', expect.anything()] },
    })
  })

  it('because its time is over does not end the others', async () => {
    const { open } = await start({
      timeoutMs: 50,
      handle: (data, call) =>
        data.endpoint === '/slow'
          ? new Promise((_, reject) => call.onAbort({ abort: reject }))
          : echo(data, call),
    })
    const socket = await open({ subprotocols: ['bytes'] })
    socket.send(request('/slow').encode())
    expect((await socket.nextData()).status?.exception?.args[1]).toBe('DEADLINE_EXCEEDED')
    socket.send(request('/fast').encode())
    expect((await socket.nextData()).status?.code).not.toBe('ERROR')
  })

  it('because there is no room is told so, and the socket goes on', async () => {
    // room for the message while it arrives, and not for the request
    const { open } = await start({ limits: { maxBytes: 120_000 } })
    const socket = await open({ subprotocols: ['bytes'] })
    socket.send(request('/x', ['a'.repeat(20_000)]).encode())
    const { status } = await socket.nextData()
    expect(status?.exception?.args[1]).toBe('RESOURCE_EXHAUSTED')
    expect(status?.description).toContain('limits.maxBytes')
    socket.send(request('/x', ['a']).encode())
    expect((await socket.nextData()).docs.texts).toEqual(['a'])
  })

  it('while it arrives, because there is no room for it, closes the socket', async () => {
    const { open, serving } = await start({ limits: { maxBytes: 120_000 } })
    const socket = await open({ subprotocols: ['bytes'] })
    socket.send(request('/x', ['a'.repeat(1_000_000)]).encode())
    expect((await socket.closed).code).toBe(closeCode.full)
    await expect.poll(() => serving.budget.used).toBe(0)
  })
})

describe('the number of requests under way', () => {
  it.each([
    ['prefetch of the Flow', { prefetch: 3 }, {}],
    ['prefetch of the client', {}, { __prefetch__: '3' }],
    ['limits.maxCalls', { limits: { maxCalls: 3 } }, { __prefetch__: '0' }],
  ])('is at most %s', async (_, options, headers) => {
    const gate = deferred()
    const begun: string[] = []
    const { open } = await start({
      ...options,
      handle: async (data) => {
        begun.push(data.requestId)
        await gate.promise
        return data.answer()
      },
    })
    const socket = await open({ subprotocols: ['bytes'], headers })
    // each is larger than what a socket gives at once
    for (let count = 0; count < 6; count++) socket.send(request('/x', ['a'.repeat(300_000)]).encode())
    await expect.poll(() => begun.length).toBe(3)
    await new Promise((resolve) => setImmediate(resolve))
    expect(begun).toHaveLength(3)
    gate.resolve()
    for (let count = 0; count < 6; count++) await socket.nextData()
    expect(begun).toHaveLength(6)
  })
})

it('the call has the deadline and the headers of the handshake', async () => {
  const { open } = await start({
    handle: async (data, call) => {
      const answer = data.answer()
      answer.parameters = { headers: { ...call.headers }, left: call.deadline - Date.now() }
      return answer
    },
  })
  const socket = await open({
    subprotocols: ['bytes'],
    headers: { 'millrace-timeout': '5000', 'x-tenant': 'blue', cookie: 'a=b' },
  })
  socket.send(request().encode())
  const { headers, left } = (await socket.nextData()).parameters as { headers: object; left: number }
  expect(headers).toEqual({ 'x-tenant': 'blue', cookie: 'a=b' })
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThanOrEqual(5000)
})

it('the deadline of the handshake ends the requests under way', async () => {
  const { open } = await start({
    handle: (_, call) => new Promise((_resolve, reject) => call.onAbort({ abort: reject })),
  })
  const socket = await open({ subprotocols: ['millrace.bytes'], headers: { 'millrace-timeout': '50' } })
  socket.send(request().encode())
  expect(DataRequest.decode((await socket.next()) as Buffer).status?.exception?.args[1]).toBe(
    'DEADLINE_EXCEEDED',
  )
})
