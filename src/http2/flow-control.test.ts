import { describe, expect, test } from 'vitest'
import { errorCode, frameFlag, frameType } from './codes.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, hello, InMemory, requestBlock, type SentFrame, uint32 } from './in-memory.suite.js'

const { data, headers, resetStream, settings, windowUpdate } = frameType
const head = encodeFields({ ':status': '200' })
const trailers = encodeFields({ 'grpc-status': '0' })
const mb = 1024 * 1024

const open = (id: number, flags: number = frameFlag.endHeaders): Buffer =>
  frame(headers, { flags, id, payload: requestBlock })
const initialWindow = (bytes: number): Buffer =>
  frame(settings, { payload: Buffer.concat([Buffer.of(0, 4), uint32(bytes)]) })
const widen = (id: number, bytes: number): Buffer => frame(windowUpdate, { id, payload: uint32(bytes) })

/** Answers each request with so many bytes, as soon as it begins. */
function answering(bytes: number): InMemory {
  return new InMemory({
    onRequest({ stream }) {
      stream.respond(head)
      stream.write([Buffer.alloc(bytes)], bytes)
      stream.end(trailers)
    },
  })
}

function sentTo(id: number, frames: readonly SentFrame[]): number {
  const sizes = frames
    .filter((each) => each.type === data && each.id === id)
    .map(({ payload }) => payload.length)
  return sizes.reduce((sum, size) => sum + size, 0)
}

const last = (id: number, frames: readonly SentFrame[]): SentFrame | undefined =>
  frames.filter((each) => each.id === id).at(-1)

describe('answers', () => {
  test('stay within the windows of the stream and of the connection', async () => {
    const peer = answering(mb)
    await peer.receive(hello, open(1), open(3))
    expect(sentTo(1, peer.frames) + sentTo(3, peer.frames)).toBe(65_535)
    await peer.receive(widen(0, 100_000))
    expect(sentTo(1, peer.frames)).toBeLessThanOrEqual(65_535)
    expect(sentTo(3, peer.frames)).toBeLessThanOrEqual(65_535)
    expect(sentTo(1, peer.frames) + sentTo(3, peer.frames)).toBe(2 * 65_535)
    await peer.receive(widen(1, mb), widen(3, mb), widen(0, 2 * mb))
    expect(peer.released).toBe(2 * mb)
    for (const id of [1, 3]) expect(last(id, peer.frames)).toMatchObject({ type: headers, flags: 5 })
  })

  test('go on when the initial window grows, also those of streams that began just before', async () => {
    const peer = answering(200_000)
    await peer.receive(hello, widen(0, 10 * mb))
    const [before] = [peer.frames.length]
    await peer.receive(Buffer.concat([open(1), initialWindow(100_000), open(3)]))
    expect(sentTo(1, peer.frames)).toBe(100_000)
    expect(sentTo(3, peer.frames)).toBe(100_000)
    const after = peer.frames.slice(before)
    const ack = after.findIndex(({ type, flags }) => type === settings && flags === frameFlag.ack)
    expect(sentTo(1, after.slice(0, ack))).toBeLessThanOrEqual(65_535)
    expect(sentTo(3, after.slice(0, ack))).toBe(0)
  })

  test('wait while a smaller initial window has made theirs negative', async () => {
    const peer = answering(200_000)
    await peer.receive(hello, widen(0, 10 * mb), open(1))
    await peer.receive(initialWindow(1000), widen(1, 64_535))
    expect(sentTo(1, peer.frames)).toBe(65_535)
    await peer.receive(widen(1, 10))
    expect(sentTo(1, peer.frames)).toBe(65_545)
  })

  test('of a stream that is reset are given back', async () => {
    const peer = answering(mb)
    await peer.receive(hello, open(1), frame(resetStream, { id: 1, payload: uint32(errorCode.cancel) }))
    expect(peer.released).toBe(mb)
  })

  test('take turns', async () => {
    const peer = answering(500_000)
    await peer.receive(hello, initialWindow(mb), open(1), open(3), open(5), widen(0, 600_000))
    for (const id of [1, 3, 5]) expect(sentTo(id, peer.frames)).toBeGreaterThan(130_000)
  })

  test('that are not read are not given to the socket', async () => {
    const peer = answering(4 * mb)
    await peer.receive(hello, initialWindow(2 ** 30), widen(0, 2 ** 30))
    peer.isStuck = true
    await peer.receive(open(1))
    expect(sentTo(1, peer.frames)).toBeLessThan(200_000)
    await peer.read()
    expect(sentTo(1, peer.frames)).toBe(4 * mb)
  })
})

describe('requests', () => {
  const chunk = (id: number, flags = 0): Buffer => frame(data, { id, flags, payload: Buffer.alloc(16_384) })
  const updates = (peer: InMemory, id: number): number[] =>
    peer.frames
      .filter((each) => each.type === windowUpdate && each.id === id)
      .map(({ payload }) => payload.readUInt32BE(0))

  test('get credit when half of the window is used', async () => {
    const peer = new InMemory()
    await peer.receive(hello, open(1))
    for (let count = 0; count < 31; count++) await peer.receive(chunk(1))
    expect(updates(peer, 1)).toEqual([])
    await peer.receive(chunk(1))
    expect(updates(peer, 1)).toEqual([mb / 2])
  })

  test('get no credit while their stream is paused, and others do', async () => {
    const peer = new InMemory()
    await peer.receive(hello, open(1), open(3))
    peer.requests[0]!.stream.pause()
    for (let count = 0; count < 64; count++) await peer.receive(chunk(1), chunk(3))
    expect(updates(peer, 1)).toEqual([])
    expect(updates(peer, 3)).toHaveLength(2)
    peer.requests[0]!.stream.resume()
    await peer.receive()
    expect(updates(peer, 1)).toEqual([mb])
  })

  test('that exceed the window of their stream are reset', async () => {
    const peer = new InMemory()
    await peer.receive(hello, open(1))
    peer.requests[0]!.stream.pause()
    for (let count = 0; count < 65; count++) await peer.receive(chunk(1))
    expect(last(1, peer.frames)?.payload.readUInt32BE(0)).toBe(errorCode.flowControlError)
    expect(peer.requests[0]!.closes).toEqual([errorCode.flowControlError])
  })

  test.each<[string, Buffer]>([
    ['more', chunk(1, frameFlag.endStream)],
    ['less', frame(data, { id: 1, flags: frameFlag.endStream, payload: [1] })],
  ])('with %s content than they announced are reset', async (_what, content) => {
    const peer = new InMemory()
    const payload = Buffer.concat([requestBlock, encodeFields({ 'content-length': '100' })])
    await peer.receive(hello, frame(headers, { id: 1, flags: 4, payload }), content)
    expect(last(1, peer.frames)?.payload.readUInt32BE(0)).toBe(errorCode.protocolError)
  })
})
