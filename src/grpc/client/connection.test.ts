import { once } from 'node:events'
import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import net, { type AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Scope } from '../../call/scope.js'
import { connectionLoss } from '../../call/connection-lost.js'
import { MillraceError } from '../../errors.js'
import { ClientConnection } from '../../http2/client-connection.js'
import { deferred } from '../../lib/deferred.js'
import { methods } from '../methods.js'
import { errorFromGrpc } from '../status.js'
import { type GrpcCallOptions, GrpcConnection } from './connection.js'

const unlimited: GrpcCallOptions = { deadline: Number.POSITIVE_INFINITY, headers: {} }
const bytes = Buffer.from('request')

/** A connection to a server of Node that answers each stream with `answer`. */
async function connected(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  settings = {},
): Promise<{ readonly connection: GrpcConnection; readonly server: Http2Server }> {
  const server = createServer({ settings })
  server.on('session', (session) => session.on('error', () => {}))
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    answer(stream, headers)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connection = connectionTo((server.address() as AddressInfo).port)
  onTestFinished(() => void server.close())
  return { connection, server }
}

function connectionTo(port: number): GrpcConnection {
  const connection = new GrpcConnection({ host: '127.0.0.1', port, tls: false, maxMessageBytes: 2 ** 28 })
  onTestFinished(() => connection.close(new MillraceError('CANCELLED', 'the test has ended')))
  return connection
}

function reply(
  stream: ServerHttp2Stream,
  message: Uint8Array,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  stream.write(prefix)
  stream.end(message)
}

/** The error of a unary call. */
async function failureOf(connection: GrpcConnection, options = unlimited): Promise<MillraceError> {
  try {
    await connection.unary(methods.call, bytes, options)
  } catch (error) {
    return errorFromGrpc(error, { address: 'peer' })
  }
  throw new Error('the call has not failed')
}

test('a call has the head that gRPC asks for, with the time that is left and the headers of the caller', async () => {
  let seen: IncomingHttpHeaders = {}
  const { connection } = await connected((stream, headers) => {
    seen = headers
    reply(stream, Buffer.from('answer'))
  })
  const headers = { 'X-Tenant': 'ä', 'x-odd': ' a\nb→ ', te: 'gzip', 'grpc-timeout': '1S', host: 'elsewhere' }
  const answer = await connection.unary(methods.call, bytes, { deadline: Date.now() + 5000, headers })
  expect(Buffer.from(answer).toString()).toBe('answer')
  expect(seen).toMatchObject({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': methods.call,
    ':authority': connection.address,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'millrace',
    'grpc-accept-encoding': 'identity',
    'x-tenant': 'ä',
    'x-odd': 'a?b?',
  })
  expect(seen['grpc-timeout']).toMatch(/^[45]\d\d\dm$/)
})

test('a message of a hundred megabytes goes and comes', async () => {
  const { connection } = await connected((stream) => {
    const parts: Buffer[] = []
    stream.on('data', (part: Buffer) => parts.push(part))
    stream.on('end', () => reply(stream, Buffer.concat(parts).subarray(5)))
  })
  const large = Buffer.alloc(100_000_000, 'abcdefg')
  expect(Buffer.from(await connection.unary(methods.call, large, unlimited)).equals(large)).toBe(true)
})

test('a status in the head is the answer', async () => {
  const { connection } = await connected((stream) => {
    const message = encodeURIComponent('no such thing – ä')
    stream.respond({ ':status': 200, 'grpc-status': '5', 'grpc-message': message }, { endStream: true })
  })
  expect(await failureOf(connection)).toMatchObject({
    code: 'NOT_FOUND',
    message: 'peer answered gRPC NOT_FOUND: no such thing – ä',
  })
})

test('an answer that is not gRPC has the status that its HTTP status means', async () => {
  const { connection } = await connected((stream) => {
    stream.respond({ ':status': 503 })
    stream.end('<html>')
  })
  expect(await failureOf(connection)).toMatchObject({
    code: 'UNAVAILABLE',
    message: 'peer: HTTP status 503',
    notRun: false,
  })
})

test('an answer that ends without a status is an error of the peer', async () => {
  const { connection } = await connected((stream) => {
    stream.respond({ ':status': 200 })
    stream.end()
  })
  expect(await failureOf(connection)).toMatchObject({
    code: 'INTERNAL',
    message: 'peer: the stream ended without a status',
  })
})

test('a call that the peer refuses did not run; one that it resets may have', async () => {
  const codes = [0x7, 0x8, 0xb, 0x2]
  const { connection } = await connected((stream) => stream.close(codes.shift()))
  expect(await failureOf(connection)).toMatchObject({ code: 'UNAVAILABLE', notRun: true, retryAfterMs: null })
  expect(await failureOf(connection)).toMatchObject({ code: 'CANCELLED', notRun: false })
  expect(await failureOf(connection)).toMatchObject({ code: 'RESOURCE_EXHAUSTED', notRun: false })
  expect(await failureOf(connection)).toMatchObject({ code: 'INTERNAL', notRun: false })
})

test('a call did not run if there was no connection, and may have if it was lost', async () => {
  const { connection } = await connected((stream) => stream.session!.destroy())
  const lost = await failureOf(connection)
  expect(lost).toMatchObject({ code: 'UNAVAILABLE', notRun: false })
  expect(connectionLoss(lost)).toBeDefined()
  const unused = net.createServer()
  await once(unused.listen(0, '127.0.0.1'), 'listening')
  const { port } = unused.address() as AddressInfo
  await new Promise((resolve) => unused.close(resolve))
  const refused = await failureOf(connectionTo(port))
  expect(refused).toMatchObject({
    code: 'UNAVAILABLE',
    notRun: true,
    message: expect.stringMatching(/cannot connect .*ECONNREFUSED/),
  })
  expect(connectionLoss(refused)).toBeUndefined()
})

test('a server that does not speak HTTP/2 is named so', async () => {
  const server = net.createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  expect(await failureOf(connectionTo(port))).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('the peer speaks HTTP/1, not HTTP/2'),
  })
})

test('a call that is aborted, or too late, is cancelled at the peer', async () => {
  const resets: number[] = []
  const arrived = deferred()
  const { connection } = await connected((stream) => {
    stream.on('close', () => resets.push(stream.rstCode))
    arrived.resolve()
  })
  const scope = new Scope(Number.POSITIVE_INFINITY, {})
  const call = connection.unary(methods.call, bytes, { ...unlimited, call: scope })
  await arrived.promise
  const reason = new MillraceError('CANCELLED', 'enough')
  scope.abort(reason)
  await expect(call).rejects.toBe(reason)
  await expect(connection.unary(methods.call, bytes, { ...unlimited, call: scope })).rejects.toBe(reason)
  expect(await failureOf(connection, { ...unlimited, deadline: Date.now() + 20 })).toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  })
  await expect.poll(() => resets).toEqual([8, 8])
})

test('an answer that comes before the peer has read the whole request ends the call and its stream', async () => {
  const closed = deferred()
  const { connection } = await connected(
    (stream) => {
      stream.on('close', () => closed.resolve())
      stream.respond({ ':status': 200, 'grpc-status': '8' }, { endStream: true })
    },
    { initialWindowSize: 1000 },
  )
  await expect(connection.unary(methods.call, Buffer.alloc(1_000_000), unlimited)).rejects.toMatchObject({
    status: { code: 8 },
  })
  await closed.promise
  await connection.ping()
})

test('more calls than the peer takes at once are all answered', async () => {
  let open = 0
  let most = 0
  const { connection } = await connected(
    (stream) => {
      most = Math.max(most, ++open)
      stream.on('close', () => open--)
      stream.resume()
      stream.on('end', () => reply(stream, Buffer.from('answer')))
    },
    { maxConcurrentStreams: 3 },
  )
  await connection.unary(methods.call, bytes, unlimited)
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => connection.unary(methods.call, bytes, unlimited)),
  )
  expect(answers).toHaveLength(200)
  expect(most).toBeLessThanOrEqual(3)
})

test('answers of a stream are slowed down while they are not taken', async () => {
  let sent = 0
  const { connection } = await connected((stream) => {
    stream.respond({ ':status': 200 })
    const message = Buffer.alloc(100_005)
    message.writeUInt32BE(100_000, 1)
    const send = (): void => {
      let hasRoom = true
      while (sent < 100 && hasRoom) {
        sent++
        hasRoom = stream.write(message)
      }
    }
    stream.on('drain', send)
    send()
  })
  const gate = deferred()
  const taken = deferred()
  let count = 0
  const scope = new Scope(Number.POSITIVE_INFINITY, {})
  const stream = connection.serverStream(methods.streamDoc, bytes, {
    ...unlimited,
    call: scope,
    take() {
      if (++count === 100) taken.resolve()
      return count === 1 ? gate.promise : undefined
    },
  })
  // what fits into the window of the stream, and into the buffers of the server
  await expect.poll(() => sent).toBeGreaterThan(9)
  await connection.ping()
  expect(sent).toBeLessThan(50)
  expect(count).toBe(1)
  gate.resolve()
  await expect.poll(() => sent).toBe(100)
  scope.abort(new MillraceError('CANCELLED', 'enough'))
  await expect(stream).rejects.toBe(scope.aborted)
})

test('a connection that has used up its stream numbers is replaced, and its owner does not notice', async () => {
  const answering = deferred()
  const { connection: _, server } = await connected((stream) => {
    stream.resume()
    void answering.promise.then(() => reply(stream, Buffer.from('answer')))
  })
  const ends: string[] = []
  const { port } = server.address() as AddressInfo
  const connection = new GrpcConnection(
    { host: '127.0.0.1', port, tls: false, maxMessageBytes: 1000 },
    { listener: { onLeaving: (reason) => ends.push(reason), onClosed: (reason) => ends.push(reason) } },
  )
  onTestFinished(() => connection.close(new MillraceError('CANCELLED', 'the test has ended')))
  const closed = deferred()
  server.once('session', (session) => session.once('close', () => closed.resolve()))
  const first = connection.unary(methods.call, bytes, unlimited)
  vi.spyOn(ClientConnection.prototype, 'isOpen', 'get').mockReturnValueOnce(false)
  vi.spyOn(ClientConnection.prototype, 'isExhausted', 'get').mockReturnValueOnce(true)
  const second = connection.unary(methods.call, bytes, unlimited)
  answering.resolve()
  expect((await Promise.all([first, second])).map((answer) => Buffer.from(answer).toString())).toEqual([
    'answer',
    'answer',
  ])
  await closed.promise
  vi.restoreAllMocks()
  expect(ends).toEqual([])
  await connection.unary(methods.call, bytes, unlimited)
})
