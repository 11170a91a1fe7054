import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { deferred } from '../lib/deferred.js'
import { ByteReader } from './byte-reader.js'
import { type DirectSocket, readWith } from './read-with.js'

interface Pair {
  readonly client: Socket
  readonly accepted: Socket
  readonly direct: DirectSocket
  readonly server: Server
}

/** A connection whose accepted side is read by `reader`, once `prepare` is done. */
async function pair(reader: ByteReader, prepare?: (accepted: Socket) => Promise<void>): Promise<Pair> {
  const server = createServer({ noDelay: true })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.on('error', () => {})
  const [accepted] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    accepted.destroy()
    server.close()
  })
  client.write('first')
  await prepare?.(accepted)
  const direct = readWith(reader, accepted)
  if (direct === null) throw new Error('this Node does not let an accepted socket be read directly')
  return { client, accepted, direct, server }
}

/** Reads the first bytes as a stream, and leaves them unread. */
async function peek(accepted: Socket): Promise<void> {
  await once(accepted, 'readable')
  accepted.unshift(accepted.read())
}

test('an accepted socket is read into the memory that all share, and its stream gets nothing', async () => {
  const reader = new ByteReader()
  const texts: string[] = []
  const memories = new Set<ArrayBufferLike>()
  const whole = deferred()
  reader.open((bytes) => {
    texts.push(bytes.toString())
    memories.add(bytes.buffer)
    if (texts.join('').length === 'firstsecond'.length) whole.resolve()
  })
  const { client, direct } = await pair(reader)
  direct.socket.on('data', () => expect.unreachable())
  client.write('second')
  await whole.promise
  expect(texts.join('')).toBe('firstsecond')
  expect([...memories]).toEqual([new ByteReader().buffer.buffer])
})

test('bytes that were read before come first', async () => {
  const reader = new ByteReader()
  const next = deferred<string>()
  reader.open((bytes) => next.resolve(bytes.toString()))
  const { client, direct } = await pair(reader, peek)
  expect(direct.first?.toString()).toBe('first')
  client.write('second')
  expect(await next.promise).toBe('second')
})

test('it can be paused, written and half-closed by its peer like any socket', async () => {
  const reader = new ByteReader()
  const next = deferred<string>()
  reader.open((bytes) => next.resolve(bytes.toString()))
  const { client, direct } = await pair(reader, peek)
  const { socket } = direct
  expect(socket.remotePort).toBe(client.localPort)
  socket.pause()
  client.write('second')
  socket.write('hello')
  const [answer] = (await once(client, 'data')) as [Buffer]
  expect(answer.toString()).toBe('hello')
  expect(socket.isPaused()).toBe(true)
  socket.resume()
  expect(await next.promise).toBe('second')
  client.end()
  await once(socket, 'end')
  await once(client, 'close')
})

test.each(['the client', 'the accepted socket', 'the new socket'])(
  'when %s closes, both sockets close, and the server forgets them',
  async (which) => {
    const { client, accepted, direct, server } = await pair(new ByteReader(), peek)
    const closed = Promise.all([once(accepted, 'close'), once(direct.socket, 'close')])
    if (which === 'the client') client.destroy()
    else if (which === 'the accepted socket') accepted.destroy()
    else direct.socket.destroy()
    await closed
    const count = await new Promise((resolve) => server.getConnections((_, open) => resolve(open)))
    expect(count).toBe(0)
  },
)

test('other streams, and closed sockets, are left alone', async () => {
  const duplex = new Duplex({ read() {}, write() {} })
  expect(readWith(new ByteReader(), duplex as Socket)).toBeNull()
  expect(duplex.destroyed).toBe(false)
  const { accepted } = await pair(new ByteReader())
  accepted.destroy()
  expect(readWith(new ByteReader(), accepted)).toBeNull()
})
