import { expect, test } from 'vitest'
import { HpackDecoder } from './decoder.js'
import { encodeFields } from './encoder.js'
import type { Field } from './fields.js'

type Pair = readonly [name: string, value: string]

/** The fields of a block; undefined when it is wrong. */
function decoded(decoder: HpackDecoder, block: Buffer): Pair[] | undefined {
  const fields: Pair[] = []
  const isRight = decoder.decode(block, {
    field: ({ name, value }: Field) => void fields.push([name, value]),
  })
  return isRight ? fields : undefined
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

const first: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'www.example.com'],
]
const second: readonly Pair[] = [...first, ['cache-control', 'no-cache']]
const third: readonly Pair[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/index.html'],
  [':authority', 'www.example.com'],
  ['custom-key', 'custom-value'],
]

test.each<[string, string, Pair]>([
  [
    'C.2.1',
    '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
    ['custom-key', 'custom-header'],
  ],
  ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', [':path', '/sample/path']],
  ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', ['password', 'secret']],
  ['C.2.4', '82', [':method', 'GET']],
])('RFC 7541, %s', (_section, hex, field) => {
  expect(decoded(new HpackDecoder(), fromHex(hex))).toEqual([field])
})

test.each<[string, readonly string[]]>([
  [
    'C.3, without Huffman codes',
    [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
  ],
  [
    'C.4, with Huffman codes',
    [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ],
])('RFC 7541, %s', (_section, blocks) => {
  const decoder = new HpackDecoder()
  expect(blocks.map((block) => decoded(decoder, fromHex(block)))).toEqual([first, second, third])
})

const responses = [
  '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
  '4883 640e ffc1 c0bf',
]

test('RFC 7541, C.6, with Huffman codes', () => {
  const decoder = new HpackDecoder()
  const common: Pair[] = [
    ['cache-control', 'private'],
    ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
    ['location', 'https://www.example.com'],
  ]
  expect(responses.map((block) => decoded(decoder, fromHex(block)))).toEqual([
    [[':status', '302'], ...common],
    [[':status', '307'], ...common],
  ])
})

test('a smaller table forgets its oldest entries', () => {
  const decoder = new HpackDecoder()
  // two entries of 38 bytes, then a limit of 40
  expect(decoded(decoder, fromHex('4003 612d 6103 616161 4003 612d 6203 626262'))).toHaveLength(2)
  expect(decoded(decoder, fromHex('3f09 be'))).toEqual([['a-b', 'bbb']])
  expect(decoded(decoder, fromHex('bf'))).toBeUndefined()
})

test.each([
  ['an index of 0', '80'],
  ['an index beyond both tables', 'be'],
  ['an index that is cut off', 'ff'],
  ['an integer that does not end', 'ff ff ff ff ff ff ff'],
  ['a string that is cut off', '0003 6161'],
  ['a name without a value', '0001 61'],
  ['a Huffman code with the end-of-string symbol', '0001 6184 ffffffff'],
  ['a Huffman code that ends within a symbol', '0001 6181 fe'],
  ['padding of more than seven bits', '0001 6182 07ff'],
  ['a table larger than was announced', '3fe2 1f'],
  ['a change of the table behind a field', '8220'],
  ['three changes of the table', '202020'],
])('%s is wrong', (_what, hex) => {
  expect(decoded(new HpackDecoder(), fromHex(hex))).toBeUndefined()
})

test('what the encoder writes is read, whatever its length', () => {
  const fields = {
    ':status': '200',
    'content-type': 'application/grpc',
    empty: '',
    long: 'x'.repeat(5000),
    accent: 'é',
  }
  expect(decoded(new HpackDecoder(), encodeFields(fields))).toEqual(Object.entries(fields))
})

test('one block with many references to a large entry costs no more than its own bytes', () => {
  const decoder = new HpackDecoder()
  const value = 'x'.repeat(4000)
  decoded(decoder, Buffer.concat([fromHex('4001 61 7fa1 1e'), Buffer.from(value)]))
  let bytes = 0
  const sink = { field: ({ size }: Field) => void (bytes += size) }
  expect(decoder.decode(Buffer.alloc(16_000, 0xbe), sink)).toBe(true)
  expect(bytes).toBe(16_000 * 4033)
})
