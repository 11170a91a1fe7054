import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Deframer, frame } from './messages.js'

function deframe(chunks: readonly Buffer[], maxMessageBytes = 1 << 20) {
  const messages: Buffer[] = []
  const broken: string[] = []
  const deframer = new Deframer({
    maxMessageBytes,
    onMessage: (message) => messages.push(message),
    onBroken: (reason) => broken.push(reason),
  })
  for (const chunk of chunks) deframer.push(chunk)
  return { messages, broken, whole: deframer.whole }
}

test('messages come out as they went in, however the stream is cut', () => {
  const sizes = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 4000, max: 9000 })), { maxLength: 8 })
  fc.assert(
    fc.property(sizes, fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1 }), (lengths, cuts) => {
      const messages = lengths.map((length, index) => Buffer.alloc(length, index + 1))
      const stream = Buffer.concat(messages.flatMap((message) => frame(message)))
      const chunks: Buffer[] = []
      for (let at = 0, cut = 0; at < stream.length; cut++) {
        const size = cuts[cut % cuts.length]!
        chunks.push(stream.subarray(at, at + size))
        at += size
      }
      const result = deframe(chunks)
      expect(result.messages.map((message) => message.toString('hex'))).toEqual(
        messages.map((message) => message.toString('hex')),
      )
      expect(result.whole).toBe(true)
    }),
  )
})

test('a stream that ends within a message is not whole', () => {
  const [joined] = frame(Buffer.from('hello'))
  expect(deframe([joined!.subarray(0, 3)]).whole).toBe(false)
  expect(deframe([joined!.subarray(0, 7)]).whole).toBe(false)
})

test('too large and compressed messages stop the reading, before any memory is taken', () => {
  const large = Buffer.from([0, 255, 255, 255, 255, 1])
  expect(deframe([large])).toMatchObject({ messages: [], broken: ['too large'] })
  expect(deframe([Buffer.from([1, 0, 0, 0, 1, 9]), Buffer.from([0, 0, 0, 0, 0])])).toMatchObject({
    messages: [],
    broken: ['compressed'],
  })
})
