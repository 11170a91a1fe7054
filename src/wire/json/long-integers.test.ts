import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseKeepingIntegers as parse } from './long-integers.js'

const doc = (tensor: string): unknown => parse(`{"data":[{"tensor":${tensor}}]}`)

describe('integers in tensors', () => {
  it.each([
    ['[9007199254740993, 1]', [9007199254740993n, 1]],
    ['[[-9223372036854775808],[18446744073709551615]]', [[-9223372036854775808n], [18446744073709551615n]]],
    ['[ 9007199254740993\n]', [9007199254740993n]],
    ['[9007199254740991, 9007199254740992]', [9007199254740991, 9007199254740992]],
    ['[1152921504606847000]', [1152921504606847000]], // as JSON.stringify(2 ** 60) writes it
    ['[0.1234567890123456789, 12345678901234567e3]', [0.12345678901234568, 12345678901234567e3]],
    ['[123456789012345678901]', [123456789012345680000]],
    ['[null, 9007199254740993]', [null, 9007199254740993n]],
  ])('%s keep the digits that a double would lose', (text, tensor) => {
    expect(doc(text)).toEqual({ data: [{ tensor }] })
    expect(parse(text)).toEqual(tensor)
  })

  it('of nested documents too', () => {
    const text = '{"data":{"chunks":[{"matches":[{"embedding":[9007199254740993]}]}]}}'
    expect(parse(text)).toEqual({ data: { chunks: [{ matches: [{ embedding: [9007199254740993n] }] }] } })
  })
})

it.each([
  ['{"tags":{"n":9007199254740993}}', { tags: { n: 9007199254740992 } }],
  [
    '{"text":"[9007199254740993, \\"9007199254740993, ]"}',
    { text: '[9007199254740993, "9007199254740993, ]' },
  ],
  ['{"tensor":["9007199254740993", 9007199254740993]}', { tensor: ['9007199254740993', 9007199254740993n] }],
  ['{"__proto__":[9007199254740993]}', JSON.parse('{"__proto__":[9007199254740992]}')],
])('%s is as JSON.parse reads it elsewhere', (text, value) => {
  expect(parse(text)).toEqual(value)
})

it.each([
  '[9007199254740993',
  '[9007199254740993,]',
  '{"a":09007199254740993 }',
  '[-, 9007199254740993]',
  '["a, 9007199254740993 ]',
])('%s is no JSON', (text) => {
  expect(() => parse(text)).toThrow(SyntaxError)
  expect(() => JSON.parse(text)).toThrow(SyntaxError)
})

it('any JSON is read as JSON.parse does, apart from long integers', () => {
  const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
  fc.assert(
    fc.property(fc.json(), fc.array(integers), (json, long) => {
      const text = `{"other": ${json}, "tensor": [${long.join(' ,')}]}`
      const { other, tensor } = parse(text) as { other: unknown; tensor: (number | bigint)[] }
      const plain = JSON.parse(text) as { other: unknown }
      expect(JSON.stringify(other, asNumber)).toBe(JSON.stringify(plain.other))
      expect(tensor.map(Number)).toEqual(long.map(Number))
      for (const [at, value] of tensor.entries()) if (typeof value === 'bigint') expect(value).toBe(long[at])
    }),
  )
})

function asNumber(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value
}

it('many long integers and deep nesting take linear time and no stack', () => {
  const deep = `${'['.repeat(100_000)}9007199254740993 ${']'.repeat(100_000)}`
  expect(() => parse(`{"tensor":${deep}}`)).not.toThrow()
  expect(parse(`[${Array.from({ length: 100_000 }, () => '9007199254740993').join(' , ')}]`)).toHaveLength(
    100_000,
  )
})
