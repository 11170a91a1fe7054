import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Budget } from '../budget/budget.js'
import { decompress } from './compression.js'
import { MessageReader } from './message-reader.js'

function prefixed(bytes: Uint8Array, compressed = false): Buffer {
  const head = Buffer.alloc(5)
  head[0] = compressed ? 1 : 0
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

function reading(maxMessageBytes = 1000): {
  reader: MessageReader
  messages: string[]
  ended: Promise<string>
} {
  const messages: string[] = []
  const account = new Budget(1_000_000).share().account()
  let reader!: MessageReader
  const ended = new Promise<string>((resolve) => {
    reader = new MessageReader({
      maxMessageBytes,
      account,
      inflate: (bytes) => decompress(bytes, 'gzip', { maxBytes: maxMessageBytes, account }),
      onMessage: (bytes) => messages.push(Buffer.from(bytes).toString()),
      onEnd: () => resolve('end'),
      onError: ({ code }) => resolve(code),
    })
  })
  return { reader, messages, ended }
}

test('messages come whole and in order, however they are cut, compressed or not', async () => {
  const message = fc.record({ text: fc.string({ maxLength: 30 }), compressed: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      async (sent, cuts) => {
        const { reader, messages, ended } = reading()
        const bytes = Buffer.concat(
          sent.map(({ text, compressed }) =>
            prefixed(compressed ? gzipSync(text) : Buffer.from(text), compressed),
          ),
        )
        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const size = cuts[cut % cuts.length]!
          reader.push(bytes.subarray(at, at + size))
          at += size
        }
        reader.end()
        expect(await ended).toBe('end')
        expect(messages).toEqual(sent.map(({ text }) => Buffer.from(text).toString()))
      },
    ),
    { numRuns: 50 },
  )
})

test('while it is held nothing is given out, not even of a chunk with several messages', async () => {
  const { reader, messages, ended } = reading()
  reader.hold()
  reader.push(Buffer.concat(['a', 'b', 'c'].map((text) => prefixed(Buffer.from(text)))))
  reader.end()
  expect(messages).toEqual([])
  reader.release()
  expect(await ended).toBe('end')
  expect(messages).toEqual(['a', 'b', 'c'])
})

test('a message above the limit is refused by its prefix', async () => {
  const { reader, messages, ended } = reading(10)
  reader.push(prefixed(Buffer.alloc(11)).subarray(0, 5))
  expect(await ended).toBe('RESOURCE_EXHAUSTED')
  expect(messages).toEqual([])
})

test('a small message that inflates above the limit is refused', async () => {
  const { reader, ended } = reading(1000)
  reader.push(prefixed(gzipSync(Buffer.alloc(1_000_000)), true))
  expect(await ended).toBe('RESOURCE_EXHAUSTED')
})

test('what is not compressed as it says is MALFORMED, and so is an end in the middle', async () => {
  const broken = reading()
  broken.reader.push(prefixed(Buffer.from('no gzip'), true))
  expect(await broken.ended).toBe('MALFORMED')
  const cut = reading()
  cut.reader.push(prefixed(Buffer.from('whole')).subarray(0, 7))
  cut.reader.end()
  expect(await cut.ended).toBe('MALFORMED')
})
