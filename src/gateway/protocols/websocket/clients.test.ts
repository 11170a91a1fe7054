import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Document, DocumentArray } from '../../../document/index.js'
import type { MillraceError } from '../../../errors.js'
import { deferred } from '../../../lib/deferred.js'
import { HandClock } from '../../../lib/hand-clock.suite.js'
import { closeCode } from '../../../wire/websocket.js'
import { request } from '../../fixture.suite.js'
import type { Serving } from '../../serving.js'
import type { TestSocket } from './websocket-client.suite.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

/** The connection of a client. */
function connectionOf({ websocket }: TestSocket): Socket {
  return (websocket as unknown as { readonly _socket: Socket })._socket
}

const mebibyte: Serving['handle'] = async (data) => {
  const answer = data.answer()
  answer.docs = new DocumentArray([new Document({ text: 'a'.repeat(1_048_576) })])
  return answer
}

describe('a client that does not read', () => {
  it('is asked for no more, and slows no other', async () => {
    let begun = 0
    const { open } = await start({
      handle: async (data, call) => {
        begun++
        return data.endpoint === '/large' ? mebibyte(data, call) : data.answer()
      },
    })
    const slow = await open({ subprotocols: ['bytes'] })
    slow.websocket.pause()
    const wanted = 200
    for (let count = 0; count < wanted; count++) slow.send(request('/large', ['a'.repeat(100_000)]).encode())
    const quick = await open({ subprotocols: ['bytes'] })
    for (let count = 0; count < 50; count++) {
      quick.send(request('/x', ['a']).encode())
      await quick.nextData()
    }
    const begunForSlow = begun - 50
    expect(begunForSlow).toBeLessThan(wanted / 2)
    slow.websocket.resume()
    for (let count = 0; count < wanted; count++) await slow.nextData()
  })

  it('loses the connection, and holds nothing then', async () => {
    const { open, serving } = await start({ handle: mebibyte, limits: { stallMs: 300 } })
    const slow = await open({ subprotocols: ['bytes'] })
    slow.websocket.pause()
    for (let count = 0; count < 100; count++) slow.send(request('/x').encode())
    await expect.poll(() => serving.budget.used).toBeGreaterThan(1_048_576)
    await expect.poll(() => serving.budget.used).toBe(0)
    slow.websocket.resume()
    await slow.closed
  })
})

describe('a client that is silent', () => {
  it('in the middle of a message loses the socket', async () => {
    const { open, serving } = await start({ limits: { stallMs: 200 } })
    const socket = await open({ subprotocols: ['bytes'] })
    connectionOf(socket).write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4, 5]))
    expect(await socket.closed).toMatchObject({
      code: closeCode.notAllowed,
      reason: expect.stringContaining('stalled'),
    })
    await expect.poll(() => serving.budget.used).toBe(0)
  })

  it('without a request is closed after idleMs', async () => {
    const { open } = await start({ limits: { stallMs: 200, idleMs: 300 } })
    const socket = await open()
    expect((await socket.closed).code).toBe(closeCode.notAllowed)
  })

  it('is pinged, and cut off when it does not answer', async () => {
    const clock = new HandClock()
    const { open } = await start({ clock, limits: { stallMs: 10_000 } })
    const [awake, vanished] = [await open(), await open()]
    const pings = [once(awake.websocket, 'ping'), once(vanished.websocket, 'ping')]
    // the answer of a client that has vanished does not arrive
    connectionOf(vanished).write = () => true
    clock.move(25_000)
    await Promise.all(pings)
    awake.sendJson({ data: [] })
    await awake.nextJson()
    clock.move(25_000)
    expect((await vanished.closed).code).toBe(1006)
    awake.sendJson({ data: [] })
    await awake.nextJson()
  })
})

describe('a client that leaves', () => {
  it.each(['with a close frame', 'without a word', 'with a close frame, but keeps its connection'])(
    '%s cancels its requests, and leaves nothing',
    async (how) => {
      const [begun, cancelled] = [deferred(), deferred<MillraceError>()]
      const { open, serving } = await start({
        limits: { stallMs: 300 },
        handle: (_, call) =>
          new Promise((_resolve, reject) => {
            begun.resolve()
            call.onAbort({
              abort(reason) {
                cancelled.resolve(reason)
                reject(reason)
              },
            })
          }),
      })
      const socket = await open({ subprotocols: ['bytes'] })
      socket.send(request('/x', ['a'.repeat(100_000)]).encode())
      await begun.promise
      if (how === 'without a word') socket.terminate()
      else if (how === 'with a close frame') socket.websocket.close()
      else {
        connectionOf(socket).end = () => connectionOf(socket)
        socket.websocket.close()
      }
      expect(await cancelled.promise).toMatchObject({ code: 'CANCELLED' })
      await expect.poll(() => serving.budget.used).toBe(0)
    },
  )
})

describe('when the gateway closes', () => {
  it('requests under way are answered before 1001, and later ones are not run', async () => {
    const [begun, finish] = [deferred(), deferred()]
    let runs = 0
    const { open, listeners } = await start({
      handle: async (data) => {
        runs++
        begun.resolve()
        await finish.promise
        return data.answer()
      },
    })
    const [busy, idle] = [await open({ subprotocols: ['bytes'] }), await open()]
    busy.send(request('/x', ['last']).encode())
    await begun.promise
    const closed = listeners.close({ graceMs: 60_000 })
    expect((await idle.closed).code).toBe(closeCode.leaving)
    busy.send(request('/x', ['late']).encode())
    finish.resolve()
    expect((await busy.nextData()).docs.texts).toEqual(['last'])
    expect((await busy.closed).code).toBe(closeCode.leaving)
    await closed
    expect(runs).toBe(1)
  })

  it('a handshake is refused', async () => {
    const decided = deferred()
    const { open, listeners } = await start({
      callers: {
        async check() {
          await decided.promise
          return null
        },
        counter: () => null,
      },
    })
    const opened = open().catch((error: unknown) => error)
    await listeners.close({ graceMs: 0 })
    decided.resolve()
    expect(await opened).toBeInstanceOf(Error)
  })
})

it('an idle socket gives way to a new client, one with a request does not', async () => {
  const { open } = await start({
    limits: { maxConnections: 1 },
    handle: () => new Promise(() => {}),
  })
  const idle = await open({ subprotocols: ['bytes'] })
  const busy = await open({ subprotocols: ['bytes'] })
  expect((await idle.closed).code).toBe(closeCode.leaving)
  busy.send(request().encode())
  await expect
    .poll(() =>
      open({ subprotocols: ['bytes'] }).then(
        () => '',
        (error: unknown) => String(error),
      ),
    )
    .toContain('limits.maxConnections')
})
