import http2 from 'node:http2'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { MillraceError } from '../../errors.js'
import { encodeFields } from '../../http2/hpack/encoder.js'
import { systemClock } from '../../lib/clock.js'
import { deferred } from '../../lib/deferred.js'
import { methods } from '../methods.js'
import { errorFromGrpc, type GrpcStatus } from '../status.js'
import { ClientCall } from './call.js'
import { GrpcConnection } from './connection.js'
import { dialler } from './dial.js'
import { Session } from './session.js'

/** What a call rejects with, of a peer that answers these bytes and says that all is well. */
async function failureOf(bytes: readonly number[]): Promise<unknown> {
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(Buffer.from(bytes))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const peer = { host: '127.0.0.1', port, tls: false, maxMessageBytes: 1000 }
  const connection = new GrpcConnection(peer)
  onTestFinished(() => {
    connection.close(new MillraceError('CANCELLED', 'the test has ended'))
    server.close()
  })
  const options = { deadline: Number.POSITIVE_INFINITY, headers: {} }
  return connection.unary(methods.call, new Uint8Array(), options).then(
    () => undefined,
    (error: unknown) => errorFromGrpc(error, { address: 'peer' }),
  )
}

test('an answer above the limit is refused by its prefix, for good', async () => {
  expect(await failureOf([0, 255, 255, 255, 255, 1])).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryable: false,
    message: expect.stringMatching(/^peer: .* 4294967295 bytes .* limit of 1000 .*requestSize/),
  })
})

test('an answer that is compressed, or ends too early, is an error of the peer', async () => {
  expect(await failureOf([1, 0, 0, 0, 1, 9])).toMatchObject({
    code: 'INTERNAL',
    message: 'peer: the peer compresses its answers although the request did not allow it',
  })
  expect(await failureOf([0, 0, 0, 0, 2, 9])).toMatchObject({
    code: 'INTERNAL',
    message: 'peer: the stream ended in the middle of a message',
  })
})

test('a call that ends keeps nothing of what a peer that reads no more has not taken', async () => {
  const sockets: net.Socket[] = []
  const silent = net.createServer((socket) => {
    sockets.push(socket.pause())
    // SETTINGS and WINDOW_UPDATE: the windows of its streams and of the connection are as large as they can be
    socket.write(Buffer.from('00000604000000000000047fffffff' + '0000040800000000007fff0000', 'hex'))
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const peer = { host: '127.0.0.1', port, tls: false, maxMessageBytes: 100_000_000 }
  const dialled = dialler(peer)()
  const session = new Session(dialled, { clock: systemClock })
  onTestFinished(() => {
    session.destroy()
    dialled.socket.destroy()
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  await once(dialled.socket, 'connect')
  await expect.poll(() => dialled.socket.bytesRead).toBeGreaterThan(0)
  const ended = deferred<GrpcStatus>()
  const call = new ClientCall(session, encodeFields({ ':method': 'POST', ':path': methods.call }), {
    maxMessageBytes: peer.maxMessageBytes,
    deadline: Number.POSITIVE_INFINITY,
    call: undefined,
    listener: { onMessage() {}, onEnd: ended.resolve },
  })
  call.write(new Uint8Array(64_000_000))
  await expect.poll(() => dialled.socket.writableLength).toBeGreaterThan(0)
  // what the system has not taken waits in the socket, and the rest in the stream
  expect(call.hasRoom).toBe(false)
  call.cancel()
  expect(await ended.promise).toMatchObject({ details: 'cancelled by this side' })
  expect(call.hasRoom).toBe(true)
  expect(dialled.socket.writableLength).toBeLessThan(1_000_000)
})
