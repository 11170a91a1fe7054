import { expect, it } from 'vitest'
import { isInRatio, parseTraceparent, randomId, traceparentOf } from './trace-context.js'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

it.each([
  [`00-${traceId}-${spanId}-01`, { traceId, spanId, isSampled: true }],
  [`00-${traceId}-${spanId}-00`, { traceId, spanId, isSampled: false }],
  [`00-${traceId}-${spanId}-03`, { traceId, spanId, isSampled: true }],
  [`cc-${traceId}-${spanId}-01-what-comes-later`, { traceId, spanId, isSampled: true }],
  [`00-${traceId}-${spanId}-01-more`, undefined],
  [`ff-${traceId}-${spanId}-01`, undefined],
  [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
  [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
  [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
  [`00-${traceId}-${spanId}`, undefined],
  [undefined, undefined],
])('traceparent %s', (header, expected) => {
  expect(parseTraceparent(header)).toEqual(expected)
})

it('what is written is read again, and ids are different', () => {
  const context = { traceId: randomId(16), spanId: randomId(8), isSampled: true }
  expect(parseTraceparent(traceparentOf(context))).toEqual(context)
  expect(new Set(Array.from({ length: 2000 }, () => randomId(8))).size).toBe(2000)
})

it('a share of the traces is in the ratio', () => {
  const ids = Array.from({ length: 4000 }, () => randomId(16))
  const share = (ratio: number): number => ids.filter((id) => isInRatio(id, ratio)).length / ids.length
  expect([share(0), share(1)]).toEqual([0, 1])
  expect(Math.abs(share(0.25) - 0.25)).toBeLessThan(0.05)
})
