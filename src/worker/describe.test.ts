import { expect, test } from 'vitest'
import * as v from 'valibot'
import { z } from 'zod'
import { doc, optional, tensor } from '../document/typed/index.js'
import { endpointsOf } from '../executor/endpoints.js'
import { Executor } from '../executor/executor.js'
import { decodeDescription, encodeDescription } from '../wire/description.js'
import { describeExecutor } from './describe.js'

const Author = doc({ name: z.string() }, { name: 'Author' })
const Article = doc(
  { title: z.string(), embedding: optional(tensor('float32', [2])), authors: [Author], rest: v.string() },
  { name: 'Article' },
)

class Typed extends Executor {
  static override requests = {
    '/v1/encode': {
      method: 'encode',
      input: doc({ text: z.string() }),
      output: Article,
      parameters: z.object({ limit: z.number().default(3) }),
    },
    '/plain': 'encode',
  }
  encode() {}
}

test('the schemas of typed endpoints are published as Jina does, and cross the wire', () => {
  const metas = { name: 'Typed', description: '', workspace: '' }
  const described = describeExecutor(endpointsOf(Typed), { metas })
  const { schemas } = decodeDescription(encodeDescription(described))
  expect(schemas['/plain']).toMatchObject({ input: { name: 'PydanticDocument' }, parameters: {} })
  expect(schemas['/v1/encode']).toEqual({
    input: {
      name: 'v1_encode_input_model',
      model: {
        title: 'Document',
        type: 'object',
        properties: { id: { type: 'string' }, text: { type: 'string' } },
        required: ['text'],
      },
      v1: { title: 'Document', type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
    },
    output: {
      name: 'Article',
      model: {
        title: 'Article',
        type: 'object',
        properties: {
          id: { type: 'string' },
          title: { type: 'string' },
          embedding: {
            type: 'array',
            items: { type: 'number' },
            minItems: 2,
            maxItems: 2,
            'x-tensor': { dtype: 'float32', shape: [2] },
          },
          authors: {
            type: 'array',
            items: {
              title: 'Author',
              type: 'object',
              properties: { id: { type: 'string' }, name: { type: 'string' } },
              required: ['id', 'name'],
            },
          },
          // this library has no Standard JSON Schema
          rest: {},
        },
        required: ['id', 'title', 'authors', 'rest'],
      },
      v1: {
        title: 'Article',
        type: 'object',
        properties: {
          embedding: {
            type: 'array',
            items: { type: 'number' },
            minItems: 2,
            maxItems: 2,
            'x-tensor': { dtype: 'float32', shape: [2] },
          },
          tags: {
            type: 'object',
            properties: { title: { type: 'string' }, rest: {} },
            required: ['title', 'rest'],
          },
        },
        required: ['tags'],
      },
    },
    is_generator: false,
    is_singleton_doc: false,
    parameters: {
      name: 'v1_encode_parameters_model',
      model: { type: 'object', properties: { limit: { default: 3, type: 'number' } } },
    },
  })
})
