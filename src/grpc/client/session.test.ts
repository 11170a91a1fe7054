import http2 from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Scope } from '../../call/scope.js'
import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import { GrpcConnection } from './connection.js'
import { methods } from '../methods.js'

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
  const connection = new GrpcConnection(peer, { clock: time.clock })
  const abort = new Scope(Number.POSITIVE_INFINITY, {})
  const options = { deadline: Number.POSITIVE_INFINITY, headers: {}, call: abort }
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
  it.abort.abort(new MillraceError('CANCELLED', 'enough'))
  await expect(it.call).rejects.toBe(it.abort.aborted)
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
  it.abort.abort(new MillraceError('CANCELLED', 'enough'))
  await expect(it.call).rejects.toBe(it.abort.aborted)
  it.session.destroy()
  it.server.close()
})

/** A server that leaves when the second stream comes, having begun the first; answers that one when it is told to. */
async function leavingServer() {
  const streams: http2.ServerHttp2Stream[] = []
  const server = http2.createServer()
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    streams.push(stream)
    if (streams.length === 2) stream.session!.goaway(0, streams[0]!.id!)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, streams, close: () => server.close() }
}

test('a call that came too late for a server that leaves did not run, and may be sent again at once', async () => {
  const server = await leavingServer()
  const peer = { host: '127.0.0.1', port: server.port, tls: false, maxMessageBytes: 1000 }
  const leaving = deferred<string>()
  const closed = deferred<string>()
  const connection = new GrpcConnection(peer, {
    listener: { onLeaving: leaving.resolve, onClosed: closed.resolve },
  })
  const options = { deadline: Number.POSITIVE_INFINITY, headers: {} }
  const ask = (): Promise<Uint8Array> =>
    connection.unary(methods.processSingleData, new Uint8Array(3), options)
  const first = ask()
  await expect.poll(() => server.streams.length).toBe(1)
  await expect(ask()).rejects.toMatchObject({ status: { code: 14, notRun: true, retryAfterMs: 0 } })
  expect(await leaving.promise).toBe('it takes no more calls')
  // it does not connect again
  await expect(ask()).rejects.toMatchObject({ status: { code: 14, notRun: true } })
  const [stream] = server.streams
  stream!.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream!.on('wantTrailers', () => stream!.sendTrailers({ 'grpc-status': '0' }))
  stream!.end(Buffer.from([0, 0, 0, 0, 1, 7]))
  expect([...(await first)]).toEqual([7])
  expect(await closed.promise).toBe('the peer closed the connection')
  server.close()
})
