import { fromBinary, toBinary, create, toJson } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { garbage } from './arbitraries.suite.js'
import { decodeDescription, encodeDescription } from './description.js'
import { EndpointsProtoSchema, JinaInfoProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { decodeInfo, encodeInfo } from './info.js'

const description = {
  endpoints: ['_jina_dry_run_', '/default', '/index', '/talk'],
  writeEndpoints: ['/index'],
  streamEndpoints: ['/talk'],
  schemas: {},
}

describe('EndpointsProto', () => {
  test('lists endpoints, and which of them stream according to the schemas', () => {
    expect(decodeDescription(encodeDescription(description))).toMatchObject({
      ...description,
      schemas: expect.anything(),
    })
  })

  test('every endpoint has a schema in the form that Jina gives it', () => {
    const message = fromBinary(EndpointsProtoSchema, encodeDescription(description))
    const { schemas } = toJson(EndpointsProtoSchema, message) as {
      schemas: Record<string, Record<string, unknown>>
    }
    expect(Object.keys(schemas)).toEqual(description.endpoints)
    expect(schemas['/talk']).toMatchObject({
      input: { name: 'PydanticDocument', model: { definitions: expect.anything() } },
      output: { name: 'PydanticDocument' },
      is_generator: true,
      is_singleton_doc: true,
      parameters: {},
    })
    expect(schemas['/index']).toMatchObject({ is_generator: false, is_singleton_doc: false })
  })

  test('a given schema is sent unchanged', () => {
    const schemas = { '/index': { input: { name: 'Mine', model: null }, is_generator: false } }
    expect(decodeDescription(encodeDescription({ ...description, schemas })).schemas['/index']).toEqual(
      schemas['/index'],
    )
  })

  test('the ranking of an Executor is included, and a value that is not a ranking is left out', () => {
    const ranking = { limit: 10, by: 'cosine', order: 'ascending' } as const
    expect(decodeDescription(encodeDescription({ ...description, ranking })).ranking).toEqual(ranking)
    const strange = { limit: '10', order: 'up' } as object
    expect(decodeDescription(encodeDescription({ ...description, ranking: strange })).ranking).toEqual({})
    expect(decodeDescription(encodeDescription(description))).not.toHaveProperty('ranking')
  })

  test('the answer of a peer without schemas is read', () => {
    const bytes = toBinary(EndpointsProtoSchema, create(EndpointsProtoSchema, { endpoints: ['/a'] }))
    expect(decodeDescription(bytes)).toEqual({
      endpoints: ['/a'],
      writeEndpoints: [],
      streamEndpoints: [],
      schemas: {},
    })
  })
})

describe('JinaInfoProto', () => {
  const info = { jina: { jina: '3.14.1', platform: 'Linux' }, envs: { JINA_LOG_LEVEL: '' } }

  test('is the same to protobuf-es, both ways', () => {
    const message = create(JinaInfoProtoSchema, info)
    expect(fromBinary(JinaInfoProtoSchema, encodeInfo(info))).toEqual(message)
    expect(decodeInfo(toBinary(JinaInfoProtoSchema, message))).toEqual(info)
  })
})

test('garbage is MALFORMED or read, never another error', () => {
  fc.assert(
    fc.property(garbage, (bytes) => {
      for (const decode of [decodeDescription, decodeInfo]) {
        try {
          decode(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }
    }),
  )
})
