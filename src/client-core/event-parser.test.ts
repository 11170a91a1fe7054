import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EventParser } from './event-parser.js'

const body = Buffer.from(
  ': ping\r\n\r\nevent: update\r\ndata: ä\r\n\r\nid: 3\nevent:end\ndata:one\ndata: two\n\n: x\n\nevent: cut',
)
const events = [
  { name: 'update', data: 'ä' },
  { name: 'end', data: 'one\ntwo' },
]

test('events are the same however the body is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(body.length), { maxLength: 20 }), (cuts) => {
      const parser = new EventParser(100)
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), body.length]
      const found = bounds.slice(1).flatMap((end, at) => parser.push(body.subarray(bounds[at], end)))
      expect(found).toEqual(events)
    }),
  )
})

test('a line that is too long is refused, in pieces too', () => {
  const parser = new EventParser(10)
  expect(parser.push(Buffer.from('data: aaaa\n'))).toEqual([])
  expect(parser.push(Buffer.from('data: '))).toEqual([])
  expect(() => parser.push(Buffer.from('aaaaa'))).toThrow('maxMessageBytes')
  expect(() => new EventParser(10).push(Buffer.from('data: aaaaa\n'))).toThrow('maxMessageBytes')
})
