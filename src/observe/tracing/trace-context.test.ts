import { expect, it } from 'vitest'
import { packContext, packedLength, unpackContext } from './packed-context.js'
import { randomBits } from './random-bits.js'
import { isInRatio, parseTraceparent, TraceId, traceparentOf } from './trace-context.js'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'

it.each([
  [`00-${traceId}-${spanId}-01`, { isSampled: true }],
  [`00-${traceId}-${spanId}-00`, { isSampled: false }],
  [`00-${traceId}-${spanId}-03`, { isSampled: true }],
  [`cc-${traceId}-${spanId}-01-what-comes-later`, { isSampled: true }],
  [`00-${traceId}-${spanId}-01-more`, undefined],
  [`ff-${traceId}-${spanId}-01`, undefined],
  [`00-${'0'.repeat(32)}-${spanId}-01`, undefined],
  [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
  [`00-${traceId.toUpperCase()}-${spanId}-01`, undefined],
  [`00-${traceId}-${spanId}`, undefined],
  [undefined, undefined],
])('traceparent %s', (header, expected) => {
  const context = parseTraceparent(header)
  const flag = context?.isSampled === true ? '01' : '00'
  expect(context && { ...context, text: traceparentOf(context) }).toEqual(
    expected &&
      expect.objectContaining({ isSampled: expected.isSampled, text: `00-${traceId}-${spanId}-${flag}` }),
  )
})

it('what is written or packed is read again, and ids are different', () => {
  for (const isSampled of [true, false]) {
    const context = { trace: TraceId.random(), high: randomBits(), low: randomBits(), isSampled }
    expect(parseTraceparent(traceparentOf(context))).toEqual(context)
    const bytes = Buffer.alloc(packedLength + 1, 1)
    packContext(context, bytes, 1)
    expect(unpackContext(bytes.subarray(1), packedLength)).toEqual(context)
  }
  expect(unpackContext(Buffer.from('{"a":"what is no context"}'), packedLength)).toBeUndefined()
  expect(new Set(Array.from({ length: 2000 }, () => TraceId.random().text)).size).toBe(2000)
})

it('each bit of an id is set in half of them', () => {
  const counts = new Array<number>(32).fill(0)
  const ids = 20_000
  for (let drawn = 0; drawn < ids; drawn++) {
    const bits = randomBits()
    for (let bit = 0; bit < 32; bit++) counts[bit]! += (bits >>> bit) & 1
  }
  for (const count of counts) expect(Math.abs(count / ids - 0.5)).toBeLessThan(0.03)
})

it('a share of the traces is in the ratio', () => {
  const ids = Array.from({ length: 4000 }, () => TraceId.random())
  const share = (ratio: number): number => ids.filter((id) => isInRatio(id, ratio)).length / ids.length
  expect([share(0), share(1)]).toEqual([0, 1])
  expect(Math.abs(share(0.25) - 0.25)).toBeLessThan(0.05)
})
