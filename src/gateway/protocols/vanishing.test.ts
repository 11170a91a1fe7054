import { expect, it } from 'vitest'
import type { Call, Handler } from '../../call/call.js'
import { streaming, withText } from '../../call/call.suite.js'
import { Budget } from '../../budget/budget.js'
import { deferred } from '../../lib/deferred.js'
import { request } from '../fixture.suite.js'
import { webSocketServersOfTests } from './websocket/websocket-servers.suite.js'

const start = webSocketServersOfTests()

const mb = 1024 * 1024
const clients = 10
const each = Array.from({ length: clients }, (_, index) => index)

/** A server that counts the calls that its handler has begun, and those of them that were aborted. */
async function counting(handler: Handler) {
  const counts = { begun: 0, aborted: 0 }
  const budget = new Budget(64 * mb)
  const handle: Handler = (data, call) => {
    counts.begun++
    call.onAbort({ abort: () => counts.aborted++ })
    return handler(data, call)
  }
  return { ...(await start({ handle, budget })), budget, counts }
}

/** Works until its call is aborted. */
const wait: Handler = (_, call) => {
  const { promise, reject } = deferred<never>()
  call.onAbort({ abort: reject })
  return promise
}

const endless = streaming(async function* (data, call: Call) {
  while (call.aborted === undefined) yield withText(data, 'a'.repeat(10_000))
})

const head = (type: string, length: number, more = ''): string =>
  `POST /post HTTP/1.1\r\nhost: a\r\n${more}content-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`

it('clients of HTTP that vanish in the middle of a body leave no memory, and no handler runs', async () => {
  const { socket, budget, counts } = await counting(wait)
  const sockets = await Promise.all(each.map(() => socket()))
  for (const client of sockets) {
    client.write(head('application/json', 2 * mb))
    client.write(Buffer.alloc(mb, ' '))
  }
  await expect.poll(() => budget.used).toBeGreaterThanOrEqual(clients * mb)
  for (const client of sockets) client.destroy()
  await expect.poll(() => budget.used).toBe(0)
  expect(counts).toEqual({ begun: 0, aborted: 0 })
})

it('clients of server-sent events that vanish in the middle of a stream abort its handler', async () => {
  const { socket, budget, counts } = await counting(endless)
  const body = JSON.stringify({ data: [{ text: 'a' }], execEndpoint: '/echo' })
  const sockets = await Promise.all(each.map(() => socket()))
  const receive = sockets.map((client) => new Promise((resolve) => client.once('data', resolve)))
  for (const client of sockets)
    client.write(head('application/json', body.length, 'accept: text/event-stream\r\n') + body)
  await Promise.all(receive)
  for (const client of sockets) client.destroy()
  await expect.poll(() => counts).toEqual({ begun: clients, aborted: clients })
  await expect.poll(() => budget.used).toBe(0)
})

it('clients of WebSocket that vanish in the middle of a stream abort its handler', async () => {
  const { open, budget, counts } = await counting(endless)
  const sockets = await Promise.all(each.map(() => open({ subprotocols: ['millrace.stream'] })))
  for (const socket of sockets) socket.send(request('/x', ['a']).encode())
  await Promise.all(sockets.map((socket) => socket.next()))
  for (const socket of sockets) socket.terminate()
  await expect.poll(() => counts).toEqual({ begun: clients, aborted: clients })
  await expect.poll(() => budget.used).toBe(0)
})

it('clients of WebSocket that vanish with requests under way abort all of them', async () => {
  const { open, budget, counts } = await counting(wait)
  const sockets = await Promise.all(each.map(() => open({ subprotocols: ['millrace.bytes'] })))
  for (const socket of sockets) for (const id of each) socket.send(request(`/x${id}`, ['a']).encode())
  await expect.poll(() => counts.begun).toBe(clients ** 2)
  for (const socket of sockets) socket.terminate()
  await expect.poll(() => counts.aborted).toBe(clients ** 2)
  await expect.poll(() => budget.used).toBe(0)
})
