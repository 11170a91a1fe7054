import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DocListProtoSchema, type NodeProto } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { placeOf } from '../json-place.js'
import { MillraceError } from '../../errors.js'
import { randomDocProto } from './arbitraries.suite.js'
import { decodeDocList, docListFromJson, nodesText } from './index.js'

const listBytes = fc
  .array(randomDocProto, { maxLength: 3 })
  .map((docs) => toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs })))
const message = (bytes: Uint8Array) => fromBinary(DocListProtoSchema, Uint8Array.from(bytes))
const textsOf = (bytes: Uint8Array): string[] => decodeDocList(bytes).map(nodesText)
const parsed = (texts: readonly string[]): unknown[] => texts.map((text) => JSON.parse(text) as unknown)
const listFrom = (documents: readonly unknown[]): Uint8Array =>
  docListFromJson(documents.map((json, index) => ({ json, place: ['data', index] })))

/** What JSON has of a value; tensors, whose text is tested with those of v1, are undefined. */
function plainOf({ content }: NodeProto): unknown {
  switch (content.case) {
    case undefined:
      return null
    case 'ndarray':
      return expect.anything()
    case 'blob':
      return Buffer.from(content.value).toString('base64')
    case 'float':
      return Number.isNaN(content.value) ? null : content.value
    case 'doc':
    case 'dict':
      return plainFields(content.value.data)
    case 'docArray':
      return content.value.docs.map(({ data }) => plainFields(data))
    case 'list':
    case 'set':
    case 'tuple':
      return content.value.data.map(plainOf)
    default:
      return content.value
  }
}

function plainFields(data: Record<string, NodeProto>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).map(([name, node]) => [name, plainOf(node)]))
}

test('random documents of v2 are JSON with their fields by name', () => {
  fc.assert(
    fc.property(listBytes, (bytes) => {
      const expected = message(bytes).docs.map(({ data }) => plainFields(data))
      expect(parsed(textsOf(bytes))).toEqual(expected)
    }),
  )
})

test('random documents survive JSON', () => {
  const values = fc.jsonValue({ maxDepth: 4 })
  const names = fc.constantFrom(
    'title',
    'text',
    'tensor',
    'embedding',
    'chunks',
    'matches',
    'tags',
    'blob',
    'größe',
  )
  const document = fc
    .dictionary(names, values, { maxKeys: 5 })
    .map((fields) => JSON.parse(JSON.stringify({ ...fields, id: 'a' })) as Record<string, unknown>)
  // ragged arrays, ids that are no texts
  const isRefused = (json: unknown): boolean => {
    try {
      listFrom([json])
      return false
    } catch (error) {
      expect(error).toMatchObject({ code: 'INVALID_INPUT' })
      return true
    }
  }
  fc.assert(
    fc.property(document, (json) => {
      fc.pre(!isRefused(json))
      const once = parsed(textsOf(listFrom([json])))
      expect(parsed(textsOf(listFrom(once)))).toEqual(once)
      const { embedding: _embedding, tensor: _tensor, ...others } = json
      if (!hasFamilies(others)) expect(once[0]).toMatchObject(others)
    }),
  )
})

/** Documents in them get ids. */
function hasFamilies(json: Record<string, unknown>): boolean {
  return ['chunks', 'matches'].some((name) => Array.isArray(json[name]))
}

test('JSON becomes the values that it can have', () => {
  const [one] = message(
    listFrom([
      {
        id: 'a',
        text: 'x',
        views: 3,
        large: 2 ** 40,
        rating: 0.5,
        draft: true,
        none: null,
        blob: 'AP8=',
        embedding: [[1, 2]],
        mask: [[true]],
        tensor: [],
        tags: { n: 1 },
        matches: [{ id: 'm', scores: { cosine: 0.5 } }],
      },
    ]),
  ).docs
  const cases = Object.entries(one!.data).map(([name, { content }]) => [name, content.case])
  expect(Object.fromEntries(cases)).toEqual({
    id: 'text',
    text: 'text',
    views: 'integer',
    large: 'float',
    rating: 'float',
    draft: 'boolean',
    none: undefined,
    blob: 'text',
    embedding: 'ndarray',
    mask: 'list',
    tensor: 'list',
    tags: 'dict',
    matches: 'docArray',
  })
  expect(one!.data['id']!.docarrayType.value).toBe('id')
})

test('a document without an id gets one, and others are refused with the place', () => {
  const [one] = message(listFrom([{ text: 'a' }])).docs
  expect(one!.data['id']!.content.value).toMatch(/^[0-9a-f]{32}$/)
  const placeOfRefusal = (json: unknown): unknown => {
    try {
      listFrom([json])
    } catch (error) {
      return placeOf(error as MillraceError)?.place
    }
  }
  expect(placeOfRefusal('a')).toEqual(['data', 0])
  expect(placeOfRefusal({ id: 5 })).toEqual(['data', 0, 'id'])
  expect(placeOfRefusal({ embedding: [[1], [2, 3]] })).toEqual(['data', 0, 'embedding'])
  expect(placeOfRefusal({ chunks: [{ id: 'a' }, { id: 5 }] })).toEqual(['data', 0, 'chunks', 1, 'id'])
})
