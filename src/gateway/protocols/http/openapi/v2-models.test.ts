import { expect, test } from 'vitest'
import { withBytesAsNumbers, withNaN, withNulls } from './v2-models.js'

test('fields that may be missing may be null, and nothing moves', () => {
  const text = { type: 'string' }
  const author = { type: 'object', properties: { id: text, name: text, mail: text }, required: ['name'] }
  const size = { type: 'object', properties: { pages: text } }
  const model = {
    title: 'Book',
    properties: {
      id: text,
      title: text,
      size,
      author,
      others: { type: 'array', items: author },
      kind: { enum: ['a', 'b'] },
      tree: { $defs: { Tree: size }, allOf: [{ $ref: '#/properties/tree/$defs/Tree' }] },
      either: { anyOf: [text, { type: 'number' }] },
      any: {},
      fixed: { type: 'string', const: 'x' },
    },
    required: ['title', 'author'],
  }
  const nullText = { type: ['string', 'null'] }
  const nullAuthor = { ...author, properties: { id: nullText, name: text, mail: nullText } }
  expect(withNulls(model)).toEqual({
    ...model,
    properties: {
      id: nullText,
      title: text,
      size: { ...size, type: ['object', 'null'] },
      author: nullAuthor,
      others: { type: ['array', 'null'], items: nullAuthor },
      kind: { anyOf: [{ enum: ['a', 'b'] }, { type: 'null' }] },
      tree: {
        $defs: { Tree: size },
        anyOf: [{ allOf: [{ $ref: '#/properties/tree/$defs/Tree' }] }, { type: 'null' }],
      },
      either: { anyOf: [text, { type: 'number' }, { type: 'null' }] },
      any: {},
      fixed: { anyOf: [{ type: 'string', const: 'x' }, { type: 'null' }] },
    },
  })
})

test('definitions of Jina are models too', () => {
  const inner = { type: 'object', properties: { id: { type: 'string' } } }
  const model = {
    type: 'object',
    properties: { id: {}, a: { $ref: '#/definitions/A' } },
    definitions: { A: inner },
  }
  expect(withNulls(model)).toEqual({
    ...model,
    properties: { id: {}, a: { anyOf: [{ $ref: '#/definitions/A' }, { type: 'null' }] } },
    definitions: { A: { ...inner, properties: { id: { type: ['string', 'null'] } } } },
  })
})

test('bytes are lists of numbers, and texts that are base64 stay texts', () => {
  const base64 = { type: 'string', contentEncoding: 'base64', format: 'base64' }
  const model = {
    properties: { photo: { type: 'string', contentEncoding: 'base64' }, text: base64 },
    required: ['photo'],
  }
  expect(withBytesAsNumbers(model)).toEqual({
    ...model,
    properties: {
      photo: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 } },
      text: base64,
    },
  })
})

test('elements of floats may be null, which is NaN', () => {
  const tensor = (dtype: string, type: unknown) => ({
    type: 'array',
    items: { type: 'array', items: { type } },
    'x-tensor': { dtype },
  })
  const anyShape = { type: 'array', items: {}, 'x-tensor': { dtype: 'float64', shape: null } }
  const model = (elements: unknown) => ({
    properties: {
      embedding: tensor('float32', elements),
      counts: tensor('int8', 'integer'),
      anyShape,
      numbers: { type: 'array', items: { type: 'number' } },
      parts: { type: 'array', items: { properties: { embedding: tensor('float16', elements) } } },
    },
  })
  expect(withNaN(model('number'))).toEqual(model(['number', 'null']))
})
