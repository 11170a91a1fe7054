import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { Clock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import { GrpcConnection } from './connection.js'
import { methods } from './methods.js'

/** A clock whose only pending timer is fired by hand. */
function handClock() {
  let due: { ms: number; wake: () => void } | undefined
  const clock: Clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after(ms, wake) {
      const mine = { ms, wake }
      due = mine
      return () => {
        if (due === mine) due = undefined
      }
    },
  }
  return {
    clock,
    get waits() {
      return due?.ms
    },
    fire() {
      const { wake } = due!
      due = undefined
      wake()
    },
  }
}

/** Takes streams and never answers them. */
async function silentServer() {
  const arrived = deferred<http2.Http2Session>()
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    arrived.resolve(stream.session!)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const frozen: (() => void)[] = []
  const front = net.createServer((near) => {
    const far = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
    near.pipe(far)
    far.pipe(near)
    frozen.push(() => far.unpipe(near).pause())
    for (const socket of [near, far]) socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    /** The same through somebody who can be frozen. */
    frontPort: (front.address() as AddressInfo).port,
    arrived: arrived.promise,
    /** From now on nothing comes from there, not even answers to pings. */
    freeze: () => frozen.forEach((stop) => stop()),
    close() {
      front.close()
      server.close()
    },
  }
}

async function openCall(way: 'port' | 'frontPort' = 'port') {
  const time = handClock()
  const server = await silentServer()
  const peer = { host: '127.0.0.1', port: server[way], tls: false, maxMessageBytes: 1000 }
  const connection = await GrpcConnection.open(peer, { clock: time.clock })
  const abort = new AbortController()
  const options = { deadline: Number.POSITIVE_INFINITY, headers: {}, signal: abort.signal }
  const call = connection.unary(methods.processSingleData, new Uint8Array(3), options)
  call.catch(() => {})
  return { time, server, abort, call, session: await server.arrived }
}

test('a peer that is silent is pinged twice, not more', async () => {
  const it = await openCall()
  for (let ping = 0; ping < 2; ping++) {
    expect(it.time.waits).toBe(9_999)
    const pinged = new Promise((resolve) => it.session.once('ping', resolve))
    it.time.fire()
    expect(it.time.waits).toBe(4_999)
    await pinged
    while (it.time.waits !== 9_999) await new Promise((resolve) => setImmediate(resolve))
  }
  it.time.fire()
  expect(it.time.waits).toBe(9_999)
  it.abort.abort()
  await expect(it.call).rejects.toBe(it.abort.signal.reason)
  while (it.time.waits !== undefined) await new Promise((resolve) => setImmediate(resolve))
  it.session.destroy()
  it.server.close()
})

test('a peer that does not answer a ping is lost', async () => {
  const it = await openCall('frontPort')
  it.server.freeze()
  it.time.fire()
  it.time.fire()
  await expect(it.call).rejects.toMatchObject({
    status: { code: 14, details: expect.stringContaining('no answer to a ping') },
  })
  it.session.destroy()
  it.server.close()
})

test('an answer that came while this thread was busy counts', async () => {
  const it = await openCall()
  const pinged = new Promise((resolve) => it.session.once('ping', resolve))
  it.time.fire()
  await pinged
  // the answer is on its way through the socket; the timer is first
  if (it.time.waits === 4_999) it.time.fire()
  while (it.time.waits !== 9_999) await new Promise((resolve) => setImmediate(resolve))
  it.abort.abort()
  await expect(it.call).rejects.toBe(it.abort.signal.reason)
  it.session.destroy()
  it.server.close()
})
