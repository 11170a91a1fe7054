import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Budget } from '../../budget/budget.js'
import type { Call } from '../../call/call.js'
import { MillraceError } from '../../errors.js'
import { systemClock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import { recipientHeader } from '../../wire/identity.js'
import type { DataRequest } from '../../wire/data-request.js'
import { request, testLimits } from '../fixture.suite.js'
import { Listeners } from '../listeners/listeners.js'
import type { CheckCaller } from '../callers/caller.js'
import { clientsBehind } from '../callers/clients.js'
import type { Serving } from '../serving.js'
import { ServingState } from '../serving-state.js'
import { loadProtocol } from './index.js'
import type { ProtocolName } from './names.js'

/** A client of one protocol, on a connection of its own. */
export interface ProtocolClient {
  /** Rejects when the request is refused, with a message that has the reason. */
  send(data: DataRequest, headers?: Readonly<Record<string, string>>): Promise<DataRequest>
  /** Whether the gateway reports that it serves. */
  isServing(): Promise<boolean>
  close(): void
}

export interface ProtocolUnderTest {
  readonly name: ProtocolName
  /** Whether its requests wait where those of others are refused. Default false. */
  readonly isPatient?: boolean
  /** The first bytes that its clients send. */
  readonly greeting: Buffer
  connect(port: number): ProtocolClient
}

/** Requirements on every protocol of the gateway; see `protocol.ts`. */
export function protocolSuite({
  name,
  isPatient = false,
  greeting,
  connect: connectClient,
}: ProtocolUnderTest): void {
  const closes: (() => unknown)[] = []
  let handle: Serving['handle']
  let state: ServingState
  let budget: Budget
  let checkCaller: CheckCaller

  beforeEach(() => {
    handle = async (data) => data.answer()
    checkCaller = () => null
    state = new ServingState()
    budget = new Budget(testLimits.maxBytes)
  })

  afterEach(async () => {
    for (const close of closes.splice(0).toReversed()) await close()
  })

  async function start(ports = 1, limits: Partial<typeof testLimits> = {}, more: Partial<Serving> = {}) {
    const serving: Serving = {
      handle: (data, call) => handle(data, call),
      isFull: () => false,
      describe: () => ({ endpoints: [], writeEndpoints: [], streamEndpoints: [], schemas: {} }),
      misdirected: (to) => (to === undefined ? null : new MillraceError('UNAVAILABLE', `No pod ${to} here.`)),
      callers: { check: (caller, purpose) => checkCaller(caller, purpose), counter: () => null },
      state,
      prefetch: 1000,
      maxMessageBytes: 2 ** 26,
      limits: { ...testLimits, ...limits },
      budget,
      timeoutMs: null,
      ...more,
    }
    const specs = Array.from({ length: ports }, () => ({ protocols: [name], host: '127.0.0.1', port: 0 }))
    const listeners = new Listeners(specs, serving, { clock: systemClock })
    closes.push(() => listeners.close({ graceMs: 0 }))
    return { listeners, ports: await listeners.listen() }
  }

  function clientAt(port: number | undefined): ProtocolClient {
    const client = connectClient(port!)
    closes.push(() => client.close())
    return client
  }

  async function socketAt(port: number | undefined): Promise<Socket> {
    const socket = connect(port!, '127.0.0.1')
    closes.push(() => socket.destroy())
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  describe(`the protocol ${name}`, () => {
    it('is recognized by the first bytes, of which it needs no more than there are', async () => {
      const protocol = await loadProtocol(name)
      expect(protocol.recognizes(greeting)).toBe(true)
      expect(protocol.recognizes(Buffer.concat([greeting, Buffer.from('more')]))).toBe(true)
      for (let length = 1; length < greeting.length; length++) {
        expect(protocol.recognizes(greeting.subarray(0, length))).not.toBe(false)
      }
      expect(protocol.recognizes(Buffer.from([0]))).toBe(false)
    })

    it('is answered at each port', async () => {
      const { ports } = await start(2)
      expect(new Set(ports).size).toBe(2)
      for (const port of ports) {
        const answer = await clientAt(port).send(request('/foo', ['hello']))
        expect([...answer.docs].map(({ text }) => text)).toEqual(['hello'])
      }
    })

    it('gives the handler who asks, and the headers of the caller but not those of the connection', async () => {
      let heard: Call | undefined
      handle = async (data, call) => {
        heard = call
        return data.answer()
      }
      const { ports } = await start()
      await clientAt(ports[0]).send(request(), { 'x-tenant': 'a' })
      expect(heard?.headers).toEqual({ 'x-tenant': 'a' })
      expect(heard?.sender).toMatchObject({ protocol: name, patient: isPatient, address: '127.0.0.1' })
      expect(heard?.sender?.client).toMatch(/^127\.0\.0\.1:\d+$/)
    })

    it('gives the handler, and who checks callers, the client that a trusted proxy names', async () => {
      let heard: Call | undefined
      let checked: string | undefined
      checkCaller = ({ address }) => {
        checked = address
        return null
      }
      handle = async (data, call) => {
        heard = call
        return data.answer()
      }
      const { ports } = await start(1, {}, { clientOf: clientsBehind(['127.0.0.0/8']) })
      await clientAt(ports[0]).send(request(), { 'x-forwarded-for': '10.0.0.9, 203.0.113.7' })
      expect(heard?.sender).toMatchObject({
        protocol: name,
        patient: isPatient,
        client: '203.0.113.7',
        address: '203.0.113.7',
      })
      expect(checked).toBe('203.0.113.7')
    })

    it('tells the caller what the handler rejects with', async () => {
      handle = async () => Promise.reject(new MillraceError('UNAVAILABLE', 'no replica of exec'))
      const { ports } = await start()
      await expect(clientAt(ports[0]).send(request())).rejects.toThrow('no replica of exec')
    })

    it('refuses a request for another pod before it is handled', async () => {
      handle = () => expect.unreachable()
      const { ports } = await start()
      const sent = clientAt(ports[0]).send(request(), { [recipientHeader]: 'exec' })
      await expect(sent).rejects.toThrow('No pod exec here.')
    })

    it.each(['at once', 'later'])(
      'asks %s whether a call may be served, before the handler does',
      async (when) => {
        const denied = new MillraceError('UNAUTHENTICATED', 'no such token', { notRun: true })
        checkCaller = ({ headers, address }, purpose) => {
          if (purpose !== 'request') return null
          expect(address).toBe('127.0.0.1')
          const denial = headers.authorization === 'Bearer good' ? null : denied
          return when === 'later' ? new Promise((resolve) => setImmediate(resolve, denial)) : denial
        }
        const handled: number[] = []
        handle = async (data) => {
          handled.push(data.docs.length)
          return data.answer()
        }
        const { ports } = await start()
        const client = clientAt(ports[0])
        state.start()
        expect(await client.isServing()).toBe(true)
        // more than arrives before the answer of `checkCaller`
        const large = request(
          '/foo',
          Array.from({ length: 20 }, () => 'x'.repeat(100_000)),
        )
        await expect(client.send(large, { authorization: 'Bearer bad' })).rejects.toThrow('no such token')
        await expect(clientAt(ports[0]).send(request())).rejects.toThrow('no such token')
        expect(handled).toEqual([])
        const answer = await clientAt(ports[0]).send(large, { authorization: 'Bearer good' })
        expect([...answer.docs].map(({ text }) => text.length)).toEqual(
          Array.from({ length: 20 }, () => 100_000),
        )
        expect(handled).toEqual([20])
      },
    )

    it('forgets a call whose client leaves while its token is checked', async () => {
      const [asked, decided] = [deferred(), deferred()]
      checkCaller = async () => {
        asked.resolve()
        await decided.promise
        return null
      }
      handle = () => expect.unreachable()
      const { listeners, ports } = await start()
      const client = clientAt(ports[0])
      const sent = client.send(request()).catch((error: unknown) => error)
      await asked.promise
      await listeners.close({ graceMs: 0 })
      decided.resolve()
      expect(await sent).toBeInstanceOf(Error)
      await new Promise(setImmediate)
      expect(budget.used).toBe(0)
    })

    it('says that it serves, from when the Flow is up until it closes', async () => {
      const { ports } = await start()
      const client = clientAt(ports[0])
      expect(await client.isServing()).toBe(false)
      state.start()
      expect(await client.isServing()).toBe(true)
      state.stop()
      expect(await client.isServing()).toBe(false)
    })

    it('is told to a client that speaks something else, which is hung up on', async () => {
      const { ports } = await start()
      const socket = await socketAt(ports[0])
      socket.write('\0\0\0\0 what is this?')
      expect((await everything(socket)).length).toBeGreaterThan(0)
    })

    it('counts the connections of all ports, and refuses with the reason when each is in use', async () => {
      const begun = deferred()
      handle = () => {
        begun.resolve()
        return new Promise(() => {})
      }
      const { ports } = await start(2, { maxConnections: 1 })
      void clientAt(ports[0])
        .send(request())
        .catch(() => {})
      await begun.promise
      const socket = await socketAt(ports[1])
      socket.write(greeting)
      expect((await everything(socket)).toString()).toContain('limits.maxConnections')
    })

    it('lets a call under way finish when it closes, and holds nothing then', async () => {
      const [begun, finish] = [deferred(), deferred()]
      handle = async (data) => {
        begun.resolve()
        await finish.promise
        return data.answer()
      }
      const { listeners, ports } = await start()
      const answer = clientAt(ports[0]).send(request('/foo', ['last']))
      await begun.promise
      const closed = listeners.close({ graceMs: 60_000 })
      finish.resolve()
      expect([...(await answer).docs].map(({ text }) => text)).toEqual(['last'])
      await closed
      expect(budget.used).toBe(0)
    })

    it('ends what does not finish within the grace, silent connections too', async () => {
      const begun = deferred()
      handle = () => {
        begun.resolve()
        return new Promise(() => {})
      }
      const { listeners, ports } = await start()
      const refused = clientAt(ports[0])
        .send(request())
        .catch((error: unknown) => error)
      await begun.promise
      await socketAt(ports[0])
      const greeted = await socketAt(ports[0])
      greeted.write(greeting)
      await listeners.close({ graceMs: 50 })
      expect(await refused).toBeInstanceOf(Error)
      expect(budget.used).toBe(0)
    })
  })
}

async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'close')
  return Buffer.concat(chunks)
}
