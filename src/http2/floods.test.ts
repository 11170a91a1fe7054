import { describe, expect, test } from 'vitest'
import { errorCode, frameFlag, frameType } from './codes.js'
import { encodeFields } from './hpack/encoder.js'
import { frame, hello, InMemory, requestBlock, uint32 } from './in-memory.suite.js'

const { data, headers, resetStream, settings, ping, windowUpdate, priority, continuation } = frameType
const head = encodeFields({ ':status': '200' })
const trailers = encodeFields({ 'grpc-status': '0' })

const open = (id: number, flags: number = frameFlag.endHeaders): Buffer =>
  frame(headers, { flags, id, payload: requestBlock })
const cancel = (id: number): Buffer => frame(resetStream, { id, payload: uint32(errorCode.cancel) })

function times(count: number, make: (index: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))
}

/** The error code with which the connection was ended; undefined when it was not. */
function ending(peer: InMemory): number | undefined {
  return peer.frames.find(({ type }) => type === frameType.goAway)?.payload.readUInt32BE(4)
}

function resets(peer: InMemory): number[] {
  return peer.frames.filter(({ type }) => type === resetStream).map(({ payload }) => payload.readUInt32BE(0))
}

describe('a flood that ends the connection', () => {
  test.each<[string, Buffer]>([
    [
      'rapid reset (CVE-2023-44487)',
      times(5000, (index) => Buffer.concat([open(2 * index + 1), cancel(2 * index + 1)])),
    ],
    [
      'made you reset (CVE-2025-8671), by empty updates of windows',
      times(5000, (index) =>
        Buffer.concat([open(2 * index + 1), frame(windowUpdate, { id: 2 * index + 1, payload: uint32(0) })]),
      ),
    ],
    [
      'made you reset, by data behind the end',
      times(5000, (index) => {
        const id = 2 * index + 1
        return Buffer.concat([
          open(id, frameFlag.endHeaders | frameFlag.endStream),
          frame(data, { id, payload: [1] }),
        ])
      }),
    ],
    [
      'made you reset, by malformed requests',
      times(5000, (index) => frame(headers, { flags: 4, id: 2 * index + 1 })),
    ],
    ['calls beyond the limit', times(6000, (index) => open(2 * index + 1))],
    [
      'CONTINUATION frames (CVE-2024-27316)',
      Buffer.concat([
        open(1, 0),
        times(20, () => frame(continuation, { id: 1, payload: Buffer.alloc(100) })),
      ]),
    ],
    [
      'large CONTINUATION frames',
      Buffer.concat([
        open(1, 0),
        times(5, () => frame(continuation, { id: 1, payload: Buffer.alloc(16_384) })),
      ]),
    ],
    [
      'empty CONTINUATION frames',
      Buffer.concat([open(1, 0), times(20, () => frame(continuation, { id: 1 }))]),
    ],
    ['pings (CVE-2019-9512)', times(5000, () => frame(ping, { payload: Buffer.alloc(8) }))],
    ['settings (CVE-2019-9515)', times(1000, () => frame(settings))],
    [
      'settings of too many entries',
      frame(settings, { payload: times(33, () => Buffer.of(0, 4, 0, 0, 0, 1)) }),
    ],
    ['empty data (CVE-2019-9518)', Buffer.concat([open(1), times(2000, () => frame(data, { id: 1 }))])],
    [
      'data of padding only',
      Buffer.concat([
        open(1),
        times(2000, () => frame(data, { id: 1, flags: frameFlag.padded, payload: [3, 0, 0, 0] })),
      ]),
    ],
    [
      'priorities (CVE-2019-9513)',
      times(2000, (index) => frame(priority, { id: 2 * index + 1, payload: [0, 0, 0, 0, 1] })),
    ],
    ['updates of windows', times(30_000, () => frame(windowUpdate, { payload: uint32(1) }))],
    ['frames of unknown types', times(2000, () => frame(0xee))],
  ])('%s', async (_name, flood) => {
    const peer = new InMemory()
    await peer.receive(hello, flood)
    expect(ending(peer)).toBe(errorCode.enhanceYourCalm)
    for (const { closes } of peer.requests) expect(closes).toHaveLength(1)
  })
})

describe('a request that is refused', () => {
  test.each<[string, Record<string, string>]>([
    ['has more bytes of headers than allowed', { 'x-a': 'x'.repeat(15_000) }],
    [
      'has more headers than allowed',
      Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`x-${index}`, 'x'])),
    ],
  ])('%s', async (_why, more) => {
    const peer = new InMemory({ maxListBytes: 10_000 })
    const payload = Buffer.concat([requestBlock, encodeFields(more)])
    await peer.receive(hello, frame(headers, { flags: 4, id: 1, payload }), open(3))
    expect(resets(peer)).toEqual([errorCode.enhanceYourCalm])
    expect(peer.requests).toHaveLength(1)
    expect(ending(peer)).toBeUndefined()
  })

  test('unfolds a block of references (HPACK bomb, CVE-2016-6581)', async () => {
    const peer = new InMemory()
    const value = Buffer.alloc(4000, 'x')
    const bomb = Buffer.concat([
      requestBlock,
      Buffer.from('400161' + '7fa11e', 'hex'),
      value,
      Buffer.alloc(12_000, 0xbe),
    ])
    await peer.receive(hello, frame(headers, { flags: 4, id: 1, payload: bomb }), open(3))
    expect(resets(peer)).toEqual([errorCode.enhanceYourCalm])
    expect(peer.requests).toHaveLength(1)
  })
})

describe('an honest client', () => {
  test('pings for each answer, and updates two windows, for as long as it likes', async () => {
    const peer = new InMemory({
      onEnd({ stream }) {
        stream.respond(head)
        stream.write([Buffer.alloc(10)], 10)
        stream.end(trailers)
      },
    })
    await peer.receive(hello)
    for (let round = 0; round < 100; round++) {
      const calls = times(300, (index) => {
        const id = 2 * (round * 300 + index) + 1
        return Buffer.concat([
          open(id, frameFlag.endHeaders | frameFlag.endStream),
          frame(ping, { payload: Buffer.alloc(8) }),
          frame(windowUpdate, { payload: uint32(10) }),
          frame(windowUpdate, { id, payload: uint32(10) }),
        ])
      })
      await peer.receive(calls)
    }
    expect(ending(peer)).toBeUndefined()
    expect(peer.requests.filter(({ closes }) => closes[0] === 0)).toHaveLength(30_000)
  })
})
