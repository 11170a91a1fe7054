import { expect, test } from 'vitest'
import { frame, frameKind, headBytes } from './frame.js'
import { Outbox } from './outbox.js'

function outboxWith(...sizes: number[]): { outbox: Outbox; parts: Uint8Array[] } {
  const outbox = new Outbox()
  const parts = sizes.map((size) => new Uint8Array(size))
  for (const [id, part] of parts.entries()) outbox.push(frame(frameKind.request, id, { parts: [part] }))
  return { outbox, parts }
}

test('small frames of one tick are one piece', () => {
  const { outbox } = outboxWith(100, 200, 300)
  expect(outbox.bytes).toBe(600 + 3 * headBytes)
  expect(outbox.takePieces().map(({ length }) => length)).toEqual([600 + 3 * headBytes])
  expect([outbox.empty, outbox.bytes]).toEqual([true, 0])
})

test('a large part is not copied', () => {
  const { outbox, parts } = outboxWith(100, 50_000, 100)
  const pieces = outbox.takePieces()
  expect(pieces.map(({ length }) => length)).toEqual([100 + 2 * headBytes, 50_000, 100 + headBytes])
  expect(pieces[1]).toBe(parts[1])
})

test('what is transferred is copied into memory of its own, a large frame into its own', () => {
  const { outbox, parts } = outboxWith(100, 100_000, 100, 200)
  const buffers = outbox.takeBuffers()
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([
    100 + headBytes,
    100_000 + headBytes,
    300 + 2 * headBytes,
  ])
  for (const part of parts) expect(buffers).not.toContain(part.buffer)
})

test('what is taken at once is bounded, but one frame always goes', () => {
  const { outbox } = outboxWith(100_000, 100_000, 100_000, 300_000)
  const bytes = (): number => outbox.takePieces(150_000).reduce((sum, { length }) => sum + length, 0)
  expect([bytes(), bytes(), outbox.bytes]).toEqual([200_000 + 2 * headBytes, 400_000 + 2 * headBytes, 0])
})

test('a large request is withdrawn until it is taken', () => {
  const { outbox, parts } = outboxWith(100_000, 100, 200_000)
  expect([outbox.withdraw(0), outbox.withdraw(0), outbox.withdraw(1)]).toEqual([true, false, false])
  expect(outbox.bytes).toBe(200_100 + 2 * headBytes)
  expect(outbox.takePieces()).toContain(parts[2])
  expect([outbox.withdraw(2), outbox.empty]).toEqual([false, true])
})
