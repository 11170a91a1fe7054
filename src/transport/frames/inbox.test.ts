import fc from 'fast-check'
import { expect, test } from 'vitest'
import { frame, frameKind, type ReceivedFrame } from './frame.js'
import { type Chunks, Inbox } from './inbox.js'
import type { Receiver } from './link.js'
import { Outbox } from './outbox.js'

class Collected implements Receiver {
  readonly frames: ReceivedFrame[] = []
  readonly oversized: number[] = []

  receive(received: ReceivedFrame): void {
    this.frames.push(received)
  }

  oversize(_kind: number, id: number): void {
    this.oversized.push(id)
  }

  lost(): void {}
}

const sizes = fc.oneof(fc.nat(64), fc.nat(6000), fc.integer({ min: 15_000, max: 90_000 }))

const sent = fc.record({
  id: fc.nat(),
  number: fc.nat(),
  headers: fc.option(fc.uint8Array({ minLength: 1, maxLength: 40 })),
  parts: fc.array(sizes, { maxLength: 4 }),
})

type Sent = ReturnType<typeof frameOf>

function frameOf(init: { id: number; number: number; headers: Uint8Array | null; parts: number[] }) {
  const parts = init.parts.map((size, part) => Uint8Array.from({ length: size }, (_, at) => at * 31 + part))
  return frame(frameKind.request, init.id, { ...init, parts })
}

function bytesOf(frames: readonly Sent[]): Uint8Array {
  const outbox = new Outbox()
  for (const each of frames) outbox.push(each)
  return Buffer.concat(outbox.takePieces())
}

/** Hands the bytes over in chunks of these sizes; a reused chunk is overwritten at once, and large frames are read into place. */
function feed(
  inbox: Inbox,
  bytes: Uint8Array,
  { chunks, lengths }: { chunks: Chunks; lengths: number[] },
): void {
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const length = Math.min(lengths[turn % lengths.length] ?? 1, bytes.length - at)
    const { target } = inbox
    if (chunks === 'reused' && target !== null) {
      const fitting = Math.min(length, target.length)
      target.set(bytes.subarray(at, at + fitting))
      inbox.filled(fitting)
      at += fitting
      continue
    }
    const chunk = bytes.slice(at, at + length)
    inbox.push(chunk)
    if (chunks === 'reused') chunk.fill(0xee)
    at += length
  }
}

test.each(['kept', 'reused'] as const)(
  'frames survive however they are cut into chunks that are %s',
  (chunks) => {
    const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 70_000 })), {
      minLength: 1,
    })
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 8 }), cuts, (inits, lengths) => {
        const frames = inits.map(frameOf)
        const collected = new Collected()
        // small cuts of large frames would take for ever
        const sensible = bytesOf(frames).length > 20_000 ? lengths.map((length) => length + 3000) : lengths
        feed(new Inbox(collected, 1e9, chunks), bytesOf(frames), { chunks, lengths: sensible })
        expect(collected.frames.length).toBe(frames.length)
        for (const [index, received] of collected.frames.entries()) {
          const { id, number, headers, parts } = frames[index]!
          expect([received.id, received.number]).toEqual([id, number])
          expect(Buffer.compare(received.headers ?? Buffer.of(), headers ?? Buffer.of())).toBe(0)
          expect(Buffer.compare(received.payload, Buffer.concat(parts))).toBe(0)
        }
      }),
      { numRuns: 60 },
    )
  },
)

test('a frame that is too large is thrown away, and the next one comes', () => {
  const frames = [5000, 10, 5000].map((size, id) => frameOf({ id, number: 0, headers: null, parts: [size] }))
  for (const lengths of [[7], [100_000]]) {
    const collected = new Collected()
    feed(new Inbox(collected, 4000), bytesOf(frames), { chunks: 'kept', lengths })
    expect(collected.oversized).toEqual([0, 2])
    expect(collected.frames.map(({ id }) => id)).toEqual([1])
  }
})

test('a small payload does not keep the chunk alive that it came in', () => {
  const collected = new Collected()
  const bytes = bytesOf([1, 2, 3].map((id) => frameOf({ id, number: 0, headers: null, parts: [1000] })))
  const chunk = new Uint8Array(bytes)
  new Inbox(collected, 1e9).push(chunk)
  for (const { payload } of collected.frames) expect(payload.buffer).not.toBe(chunk.buffer)
})

test('payloads are plain Uint8Arrays, whose slices are copies', () => {
  for (const size of [0, 10, 5000, 100_000]) {
    const collected = new Collected()
    const bytes = bytesOf([frameOf({ id: 1, number: 0, headers: null, parts: [size] })])
    feed(new Inbox(collected, 1e9), bytes, { chunks: 'kept', lengths: [50_000] })
    expect(Object.getPrototypeOf(collected.frames[0]?.payload)).toBe(Uint8Array.prototype)
  }
})
