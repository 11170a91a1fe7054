import { expect, test } from 'vitest'
import { show } from './show.js'

class Wheel {}
const circular: Record<string, unknown> = {}
circular['self'] = circular

test.each([
  [Number.NaN, 'NaN'],
  [-Infinity, '-Infinity'],
  [1.5, '1.5'],
  [null, 'null'],
  [undefined, 'undefined'],
  ['a', '"a"'],
  [12n, '12'],
  [{ perSecond: Number.NaN }, '{"perSecond":"NaN"}'],
  [Wheel, 'the class Wheel'],
  [circular, '[object Object]'],
  ['x'.repeat(100), `"${'x'.repeat(76)}…`],
])('%o is shown as %s', (value, text) => {
  expect(show(value)).toBe(text)
})
