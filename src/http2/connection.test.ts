import { describe, expect, test } from 'vitest'
import { errorCode, frameFlag, frameType } from './codes.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, hello, InMemory, requestBlock, uint32 } from './in-memory.suite.js'

const head = encodeFields({ ':status': '200' })
const trailers = encodeFields({ 'grpc-status': '0' })
const goAways = (peer: InMemory): number[] =>
  peer.frames.filter(({ type }) => type === frameType.goAway).map(({ payload }) => payload.readUInt32BE(4))

function headers(id: number, flags: number = frameFlag.endHeaders): Buffer {
  return frame(frameType.headers, { flags, id, payload: requestBlock })
}

describe('a connection that drains', () => {
  test('refuses a call that was under way, with its data, and goes on with those it has', async () => {
    const peer = new InMemory({
      onEnd: ({ stream }) => {
        stream.respond(head)
        stream.end(trailers)
      },
    })
    await peer.receive(hello, headers(1))
    peer.connection.close()
    peer.clock.move(1000) // the ping is not answered
    await peer.receive(
      headers(3),
      frame(frameType.data, { id: 3, flags: frameFlag.endStream, payload: [1, 2, 3] }),
      frame(frameType.windowUpdate, { id: 3, payload: uint32(100) }),
      frame(frameType.data, { id: 1, flags: frameFlag.endStream, payload: [1] }),
    )
    const refused = peer.frames.find(({ type, id }) => type === frameType.resetStream && id === 3)
    expect(refused?.payload.readUInt32BE(0)).toBe(errorCode.refusedStream)
    expect(goAways(peer)).toEqual([0, 0])
    expect(peer.requests.map(({ closes }) => closes)).toEqual([[0]])
  })

  test('serves a call that was under way when it is announced', async () => {
    const peer = new InMemory()
    await peer.receive(hello)
    peer.connection.close()
    await peer.receive(headers(1, frameFlag.endHeaders | frameFlag.endStream))
    expect(peer.requests).toHaveLength(1)
    await peer.receive(frame(frameType.ping, { flags: frameFlag.ack, payload: Buffer.from('draining') }))
    const last = peer.frames.filter(({ type }) => type === frameType.goAway).at(-1)
    expect(last?.payload.readUInt32BE(0)).toBe(1)
  })
})

test('a peer that does not read its answers is not read, and is served when it reads again', async () => {
  const peer = new InMemory()
  await peer.receive(hello)
  peer.isStuck = true
  const pings = Buffer.concat(
    Array.from({ length: 1000 }, () => frame(frameType.ping, { payload: Buffer.alloc(8) })),
  )
  for (let second = 0; second < 30 && peer.isReading; second++) {
    await peer.receive(pings)
    peer.clock.move(1000)
  }
  expect(peer.isReading).toBe(false)
  peer.clock.move(1000)
  await peer.read()
  expect(peer.isReading).toBe(true)
  await peer.receive(headers(1))
  expect(peer.requests).toHaveLength(1)
})

test('answers without data do not pile up for a peer that does not read', async () => {
  const longHead = encodeFields({ ':status': '200', 'grpc-message': 'x'.repeat(4000) })
  const peer = new InMemory({ onEnd: ({ stream }) => stream.respond(longHead, true) })
  await peer.receive(hello)
  peer.isStuck = true
  const count = 2000
  const calls = Array.from({ length: count }, (_, index) =>
    headers(2 * index + 1, frameFlag.endHeaders | frameFlag.endStream),
  )
  await peer.receive(Buffer.concat(calls))
  expect(peer.requests.length).toBeLessThan(200)
  expect(peer.isReading).toBe(false)
  for (let turn = 0; turn < count && peer.requests.length < count; turn++) {
    await peer.read()
    peer.isStuck = true
  }
  await peer.read()
  expect(peer.requests).toHaveLength(count)
  expect(peer.isReading).toBe(true)
  await peer.receive(headers(2 * count + 1))
  expect(peer.requests).toHaveLength(count + 1)
})

test('calls that are cancelled when their deadline has passed do not end the connection', async () => {
  const peer = new InMemory({ maxStreams: 1000 })
  await peer.receive(hello)
  for (let round = 0; round < 20; round++) {
    const ids = Array.from({ length: 1000 }, (_, index) => 2 * (round * 1000 + index) + 1)
    await peer.receive(Buffer.concat(ids.map((id) => headers(id))))
    peer.clock.move(200)
    await peer.receive(
      Buffer.concat(ids.map((id) => frame(frameType.resetStream, { id, payload: uint32(errorCode.cancel) }))),
    )
  }
  expect(goAways(peer)).toEqual([])
  expect(peer.requests).toHaveLength(20_000)
})

test('calls that are cancelled at once do', async () => {
  const peer = new InMemory()
  await peer.receive(hello)
  const ids = Array.from({ length: 5000 }, (_, index) => 2 * index + 1)
  await peer.receive(
    Buffer.concat(
      ids.flatMap((id) => [
        headers(id),
        frame(frameType.resetStream, { id, payload: uint32(errorCode.cancel) }),
      ]),
    ),
  )
  expect(goAways(peer)).toEqual([errorCode.enhanceYourCalm])
})

test('spaces at the ends of a value are removed', async () => {
  const peer = new InMemory()
  const payload = Buffer.concat([requestBlock, encodeFields({ 'x-name': '  a b\t', 'x-blank': ' ' })])
  await peer.receive(hello, frame(frameType.headers, { flags: frameFlag.endHeaders, id: 1, payload }))
  expect(peer.requests[0]?.headers).toMatchObject({ 'x-name': 'a b', 'x-blank': '' })
})
