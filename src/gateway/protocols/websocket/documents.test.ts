import { describe, expect, it } from 'vitest'
import { streaming, withText } from '../../../call/call.suite.js'
import { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { closeCode } from '../../../wire/websocket.js'
import { request } from '../../fixture.suite.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

const stream = { subprotocols: ['millrace.stream'] }

const words = streaming(async function* (data) {
  for (const text of data.docs.at(0)!.text.split(' ')) yield withText(data, text)
})

describe('a stream of documents', () => {
  it('has a text for each when the request is one, and then closes', async () => {
    const { open } = await start({ handle: words })
    const socket = await open(stream)
    socket.sendJson({ data: { text: 'one two' } })
    expect((await socket.nextJson()).text).toBe('one')
    expect((await socket.nextJson()).text).toBe('two')
    expect((await socket.closed).code).toBe(closeCode.complete)
  })

  it('has a DataRequest for each when the request is one', async () => {
    const { open } = await start({ handle: words })
    const socket = await open(stream)
    socket.send(request('/x', ['one two']).encode())
    for (const text of ['one', 'two']) expect((await socket.nextData()).docs.texts).toEqual([text])
    expect((await socket.closed).code).toBe(closeCode.complete)
  })

  it('that fails ends with the error and 1011', async () => {
    const { open } = await start({
      handle: async (data, call) => {
        await call.items?.push(withText(data, 'first'))
        throw new MillraceError('UNAVAILABLE', 'no replica')
      },
    })
    const text = await open(stream)
    text.sendJson({ header: { requestId: 'a' }, data: [{ text: 'x' }] })
    expect((await text.nextJson()).text).toBe('first')
    expect((await text.nextJson()).header).toMatchObject({
      request_id: 'a',
      status: { code: 1, description: 'no replica' },
    })
    expect(await text.closed).toEqual({ code: closeCode.failed, reason: 'no replica' })
    const binary = await open(stream)
    binary.send(request().encode())
    await binary.next()
    expect((await binary.nextData()).status?.exception?.args[1]).toBe('UNAVAILABLE')
  })

  it('of an Executor that fails ends with its error', async () => {
    const { open } = await start({
      handle: async (data) => {
        const answer = data.answer()
        answer.status = { code: 'ERROR', description: 'TypeError: bad' }
        return answer
      },
    })
    const socket = await open(stream)
    socket.sendJson({ data: [{ text: 'x' }] })
    expect((await socket.nextJson()).header.status.description).toBe('TypeError: bad')
    expect(await socket.closed).toEqual({ code: closeCode.failed, reason: 'TypeError: bad' })
  })

  it.each([
    ['two documents', JSON.stringify({ data: [{}, {}] }), 'INVALID_INPUT'],
    ['a wrong document', JSON.stringify({ data: [{ text: 5 }] }), 'INVALID_INPUT'],
    ['no JSON', '{', 'MALFORMED'],
  ])('of %s is refused', async (_, message, code) => {
    const { open } = await start({ handle: () => expect.unreachable() })
    const socket = await open(stream)
    socket.send(message)
    expect((await socket.nextJson()).header.status.exception.args[1]).toBe(code)
    expect((await socket.closed).code).toBe(closeCode.failed)
  })

  it('goes on only as the client reads, and is cancelled when it leaves', async () => {
    let produced = 0
    const cancelled = deferred()
    const { open } = await start({
      handle: streaming(async function* (data, call) {
        call.onAbort({ abort: () => cancelled.resolve() })
        while (call.aborted === undefined) {
          produced++
          yield withText(data, 'a'.repeat(100_000))
        }
      }),
    })
    const socket = await open(stream)
    socket.websocket.pause()
    socket.send(request().encode())
    let before = -1
    await expect
      .poll(
        () => {
          const isSteady = produced > 0 && produced === before
          before = produced
          return isSteady
        },
        { interval: 100 },
      )
      .toBe(true)
    socket.websocket.resume()
    await expect.poll(() => produced).toBeGreaterThan(before)
    socket.terminate()
    await cancelled.promise
  })

  it('takes one request', async () => {
    const { open } = await start({ handle: () => new Promise(() => {}) })
    const socket = await open(stream)
    for (let count = 0; count < 2; count++) socket.sendJson({ data: [{}] })
    expect((await socket.closed).code).toBe(closeCode.notAllowed)
  })

  it('that has not begun ends with 1001 when the gateway closes, one under way is finished', async () => {
    const [begun, finish] = [deferred(), deferred()]
    const { open, listeners } = await start({
      handle: async (data, call) => {
        begun.resolve()
        await finish.promise
        await call.items?.push(withText(data, 'last'))
        return data.answer()
      },
    })
    const [busy, idle] = [await open(stream), await open(stream)]
    busy.sendJson({ data: [{}] })
    await begun.promise
    const closed = listeners.close({ graceMs: 60_000 })
    expect((await idle.closed).code).toBe(closeCode.leaving)
    finish.resolve()
    expect((await busy.nextJson()).text).toBe('last')
    expect((await busy.closed).code).toBe(closeCode.complete)
    await closed
  })
})
