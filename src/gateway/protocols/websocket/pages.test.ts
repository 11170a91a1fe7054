import { describe, expect, it } from 'vitest'
import type { Handler } from '../../../call/call.js'
import { streaming, withText } from '../../../call/call.suite.js'
import { MillraceError } from '../../../errors.js'
import { closeCode, headerOffer, pageOffer, pageWindow } from '../../../wire/websocket.js'
import { request } from '../../fixture.suite.js'
import { webSocketServersOfTests } from './websocket-servers.suite.js'

const start = webSocketServersOfTests()

describe('headers that a page offers', () => {
  /** Answers with the headers of the call in the text. */
  const tell: Handler = async (data, { headers }) => {
    const answer = data.answer()
    answer.docs.at(0)!.text = JSON.stringify(headers)
    return answer
  }

  async function told(
    { open }: Awaited<ReturnType<typeof start>>,
    offers: readonly string[],
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const socket = await open({ subprotocols: ['millrace.bytes', ...offers.map(headerOffer)], headers })
    socket.send(request('/x', ['']).encode())
    return JSON.parse((await socket.nextData()).docs.texts[0]!)
  }

  it('are those of its requests, except for what pages cannot set', async () => {
    const server = await start({ handle: tell })
    const offers = ['X-Tenant: a (b), c', 'cookie: x', 'x-forwarded-for: 1.2.3.4', 'sec-x: y', 'host: z']
    expect(await told(server, offers)).toEqual({ 'x-tenant': 'a (b), c' })
  })

  it('do not replace those of the handshake', async () => {
    const server = await start({ handle: tell })
    expect(await told(server, ['x-tenant: b'], { 'x-tenant': 'a' })).toEqual({ 'x-tenant': 'a' })
  })

  it('may have the deadline', async () => {
    const deadlines: number[] = []
    const server = await start({
      handle: async (data, { deadline }) => {
        deadlines.push(deadline)
        return data.answer()
      },
    })
    const socket = await server.open({
      subprotocols: ['millrace.bytes', headerOffer('millrace-timeout: 60000')],
    })
    socket.send(request('/x', ['']).encode())
    await socket.nextData()
    expect(deadlines[0]).toBeLessThanOrEqual(Date.now() + 60_000)
  })

  it.each(['x-tenant', 'x tenant: a', 'x-tenant: a\nb', 'x-tenant: ä', '%'])(
    'cannot be %j',
    async (offer) => {
      const { open } = await start()
      const raw = offer === '%' ? 'millrace.header.%' : headerOffer(offer)
      await expect(open({ subprotocols: ['millrace.bytes', raw] })).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('millrace.header.'),
      })
    },
  )

  it('are refused behind a trusted proxy, which does not see them, except for those that the gateway reads itself', async () => {
    const { open } = await start({ trustProxy: true })
    const offered = (header: string) => open({ subprotocols: ['millrace.bytes', headerOffer(header)] })
    await expect(offered('x-user: root')).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("'x-user'"),
    })
    await offered('millrace-timeout: 1000')
    await offered('authorization: Bearer a')
  })
})

describe('a page whose handshake is refused', () => {
  const denied = new MillraceError('UNAUTHENTICATED', 'no valid token', { notRun: true })
  const callers = { check: () => denied, counter: () => null }

  it.each(['millrace.bytes', 'millrace.stream'])('is told why in a message of %s', async (subprotocol) => {
    const { open } = await start({ callers })
    const socket = await open({ subprotocols: [subprotocol, pageOffer] })
    const { requestId, status } = await socket.nextData()
    expect(requestId).toBe('')
    expect(status?.exception?.args.slice(0, 2)).toEqual(['no valid token', 'UNAUTHENTICATED'])
    expect((await socket.closed).code).toBe(closeCode.notAllowed)
  })

  it('runs no request', async () => {
    const { open } = await start({ callers, handle: () => expect.unreachable() })
    const socket = await open({ subprotocols: ['millrace.bytes', pageOffer] })
    socket.send(request().encode())
    expect((await socket.closed).code).toBe(closeCode.notAllowed)
  })

  it('is told nothing when it comes from elsewhere', async () => {
    const { open } = await start({ callers: { check: () => null, counter: () => null } })
    const headers = { origin: 'https://evil.example' }
    await expect(open({ subprotocols: ['millrace.bytes', pageOffer], headers })).rejects.toMatchObject({
      status: 403,
    })
  })
})

it('a page is sent as many documents as it has taken, and a window more', async () => {
  let produced = 0
  const { open } = await start({
    handle: streaming(async function* (data) {
      for (;;) yield withText(data, String(++produced))
    }),
  })
  const socket = await open({ subprotocols: ['millrace.stream', pageOffer] })
  socket.send(request('/x', ['']).encode())
  const read = async (last: number): Promise<void> => {
    for (;;) if ((await socket.nextData()).docs.texts[0] === String(last)) return
  }
  await read(pageWindow)
  await expect.poll(() => produced).toBe(pageWindow)
  socket.send(new Uint8Array())
  await read(pageWindow * 1.5)
  await expect.poll(() => produced).toBe(pageWindow * 1.5)
  socket.terminate()
})
