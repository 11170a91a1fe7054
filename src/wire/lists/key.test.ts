import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document, type DocumentInit } from '../../document/index.js'
import { Writer } from '../../lib/protobuf/writer.js'
import { joined } from './arbitraries.suite.js'
import { compileKey } from './key.js'
import { atOnce } from '../../lib/slices.js'
import { documentsIn as rangesIn } from './list.js'
import { listOfV2, type Plain } from './v2/fixture.suite.js'

const keyOf = (path: string, init: DocumentInit): string | undefined =>
  compileKey(path)(new Document(init).toProtobuf())

describe('compileKey', () => {
  it('reads the string fields of a Document', () => {
    const init = { id: 'i', parentId: 'p', uri: 'u', text: 't', mimeType: 'm/x', modality: 'image' }
    const paths = ['id', 'parentId', 'uri', 'text', 'mimeType', 'modality']
    expect(paths.map((path) => keyOf(path, init))).toEqual(['i', 'p', 'u', 't', 'm/x', 'image'])
    expect(paths.map((path) => keyOf(path, { id: '', tags: { x: 1 } }))).toEqual(paths.map(() => undefined))
    expect(keyOf('text', { blob: Uint8Array.of(1) })).toBeUndefined()
  })

  it('reads tags that are strings, numbers and booleans', () => {
    const tags = { s: 'x', e: '', n: 1.5, i: 12345678901, t: true, f: false, z: null, l: [1], o: { s: 'y' } }
    const found = ['s', 'e', 'n', 'i', 't', 'f', 'z', 'l', 'o', 'o.s', 'o.x', 's.x', 'l.0', 'none'].map(
      (name) => keyOf(`tags.${name}`, { tags }),
    )
    const none = undefined
    expect(found).toEqual([
      'x',
      '',
      '1.5',
      '12345678901',
      'true',
      'false',
      none,
      none,
      none,
      'y',
      none,
      none,
      none,
      none,
    ])
  })

  it('reads own properties only, also names that every object inherits', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', '__proto__.constructor']) {
      expect(keyOf(`tags.${name}`, { tags: { a: 1 } })).toBeUndefined()
    }
    const tags = JSON.parse('{"__proto__": {"constructor": "mine"}, "toString": 7}') as Record<
      string,
      unknown
    >
    expect(keyOf('tags.__proto__.constructor', { tags })).toBe('mine')
    expect(keyOf('tags.toString', { tags })).toBe('7')
  })

  it('takes the last of repeated fields', () => {
    const twice = ['1', '2'].map((text) =>
      new Document({ id: text, tags: { a: { b: text } }, text }).toProtobuf(),
    )
    expect(['id', 'text', 'tags.a.b'].map((path) => compileKey(path)(joined(twice)))).toEqual(['2', '2', '2'])
  })

  it('finds what decoding finds', () => {
    const name = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'é')
    const { tree } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.double(), fc.string(), fc.boolean(), fc.constant(null), fc.array(fc.integer())),
      tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('tree')), {
        noNullPrototype: true,
      }),
    }))
    fc.assert(
      fc.property(tree, fc.array(name, { minLength: 1, maxLength: 3 }), (tags, path) => {
        const document = new Document({ tags: tags as Record<string, unknown> }).toProtobuf()
        let value: unknown = Document.fromProtobuf(document).tags
        for (const key of path) {
          const isObject = typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          value = isObject ? Object.getOwnPropertyDescriptor(value, key)!.value : undefined
        }
        const expected = value === undefined || typeof value === 'object' ? undefined : `${value as string}`
        expect(compileKey(`tags.${path.join('.')}`)(document)).toBe(expected)
      }),
    )
  })

  it('refuses other paths when it is configured', () => {
    for (const path of [
      '',
      'tags',
      'tags.',
      'tags..a',
      'tags.a.',
      'embedding',
      'parent_id',
      'toString',
      'ids',
    ]) {
      expect(() => compileKey(path)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => compileKey('weight')).toThrow(/one of id, .* got 'weight'/)
  })

  it('throws MALFORMED for bytes that are not a Document', () => {
    const writer = new Writer()
    writer.bytes(17, Uint8Array.of(10, 200))
    for (const [path, bytes] of [
      ['id', Uint8Array.of(10, 5)],
      ['tags.a', writer.finish()],
    ] as const) {
      expect(() => compileKey(path)(bytes)).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
    }
  })
})

it.each<[string, Plain, string | undefined]>([
  ['id', { id: 'a', text: '' }, 'a'],
  ['text', { id: 'a', text: 'x' }, 'x'],
  ['text', { id: 'a', text: '' }, undefined],
  ['text', { id: 'a', text: 5 }, undefined],
  ['uri', { uri: 'b', url: 'a' }, 'a'],
  ['uri', { uri: 'b', url: null }, 'b'],
  ['parentId', { id: 'a', parent_id: 'b' }, undefined],
  ['tags.tenant', { id: 'a', tenant: 'acme' }, 'acme'],
  ['tags.tenant', { tenant: 'a', tags: { tenant: 'b' } }, 'b'],
  ['tags.n', { id: 'a', n: 0.5 }, '0.5'],
  ['tags.n', { id: 'a', n: true }, 'true'],
  ['tags.n', { id: 'a', n: ['x'] }, undefined],
  ['tags.n', { id: 'a', n: null }, undefined],
  ['tags.account.tenant', { id: 'a', account: { tenant: 7 } }, '7'],
  ['tags.account.tenant', { id: 'a', account: 'tenant' }, undefined],
])('finds %s in a document of v2', (path, document, key) => {
  const [bytes] = atOnce(rangesIn(listOfV2(document))).map(({ bytes: list, start, end }) =>
    list.subarray(start, end),
  )
  expect(compileKey(path)(bytes!, 'v2')).toBe(key)
})
