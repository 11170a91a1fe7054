import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { float16ToFloat32, fromFloat16, toFloat16 } from './float16.js'

describe('half precision', () => {
  it('converts every half and back', () => {
    for (let half = 0; half < 65536; half++) {
      const value = fromFloat16(half)
      if (Number.isNaN(value)) expect(toFloat16(value)).toBe(0x7e00)
      else if (toFloat16(value) !== half) expect.fail(`half ${half} became ${toFloat16(value)}`)
    }
  })

  it('knows the numbers of the standard', () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x3555, 0x7c00, 0xfc00)
    const third = 0.333251953125
    expect([...float16ToFloat32(halves)]).toEqual([
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -24,
      third,
      Infinity,
      -Infinity,
    ])
    expect(Object.is(fromFloat16(0x8000), -0)).toBe(true)
  })

  it('rounds to the nearest half, ties to even', () => {
    expect(toFloat16(65519.99)).toBe(0x7bff)
    expect(toFloat16(65520)).toBe(0x7c00)
    expect(toFloat16(1 + 1 / 2048)).toBe(0x3c00)
    expect(toFloat16(1 + 3 / 2048)).toBe(0x3c02)
    fc.assert(
      fc.property(fc.double({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const half = toFloat16(value)
        const error = Math.abs(fromFloat16(half) - value)
        const neighbours = [half - 1, half + 1].map((bits) => Math.abs(fromFloat16(bits & 0xffff) - value))
        for (const other of neighbours) if (!Number.isNaN(other)) expect(error).toBeLessThanOrEqual(other)
      }),
    )
  })
})
