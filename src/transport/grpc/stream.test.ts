import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { MillraceError } from '../../errors.js'
import { methods } from '../../grpc/methods.js'
import { errorFromGrpc } from '../../grpc/status.js'
import { GrpcConnection } from './connection.js'

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
  const connection = await GrpcConnection.open(peer)
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
    message: 'peer: the peer compresses its answers although it was not asked to',
  })
  expect(await failureOf([0, 0, 0, 0, 2, 9])).toMatchObject({
    code: 'INTERNAL',
    message: 'peer: the stream ended within a message',
  })
})
