import fc from 'fast-check'
import { expect, test } from 'vitest'
import { unbounded } from '../budget/budget.js'
import { framed, sizeOf } from './frame.js'
import { MessageReader } from './message-reader.js'

function reading(chunks: readonly Buffer[]): { messages: string[]; isWithinMessage: boolean } {
  const messages: string[] = []
  const reader = new MessageReader({
    account: unbounded,
    maxMessageBytes: 1 << 20,
    inflate: () => Promise.reject(new Error('nothing is compressed here')),
    onMessage: (message) => messages.push(Buffer.from(message).toString('hex')),
    onEnd: () => {},
    onError: () => {},
  })
  for (const chunk of chunks) reader.push(chunk)
  return { messages, isWithinMessage: reader.isWithinMessage }
}

test('messages come out as they went in, however they are made and the stream is cut', () => {
  const part = fc.oneof(fc.nat(20), fc.integer({ min: 16_000, max: 17_000 }))
  const sizes = fc.array(fc.array(part, { maxLength: 4 }), { maxLength: 6 })
  fc.assert(
    fc.property(sizes, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (messages, cuts) => {
      const sent = messages.map((lengths) => lengths.map((length, index) => Buffer.alloc(length, index + 1)))
      const stream = Buffer.concat(sent.flatMap((message) => framed(message, sizeOf(message))))
      const chunks: Buffer[] = []
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = cuts[cut % cuts.length]!
        chunks.push(stream.subarray(at, at + size))
        at += size
      }
      const result = reading(chunks)
      expect(result.messages).toEqual(sent.map((parts) => Buffer.concat(parts).toString('hex')))
      expect(result.isWithinMessage).toBe(false)
    }),
  )
})

test('a stream that ends within a message, or within its prefix, is seen', () => {
  const [joined] = framed([Buffer.from('hello')], 5)
  expect(reading([joined!.subarray(0, 3)]).isWithinMessage).toBe(true)
  expect(reading([joined!.subarray(0, 7)]).isWithinMessage).toBe(true)
})

test('a large part is written as it is, without a copy', () => {
  const large = Buffer.alloc(20_000)
  const writes = framed([Buffer.from('a'), large], 20_001)
  expect(writes.map(({ length }) => length)).toEqual([6, 20_000])
  expect(writes[1]!.buffer).toBe(large.buffer)
})
