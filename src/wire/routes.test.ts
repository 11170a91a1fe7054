import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Writer } from '../lib/protobuf/writer.js'
import { garbage, route } from './arbitraries.suite.js'
import { DataRequestProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { decodeRoutes, type Route, writeRoutes } from './routes.js'

function encode(routes: readonly Route[]): Uint8Array {
  const writer = new Writer()
  writeRoutes(writer, routes)
  return writer.finish()
}

describe('routes', () => {
  test('decoded and encoded again they are the same to protobuf-es', () => {
    fc.assert(
      fc.property(fc.array(route), (routes) => {
        const message = create(DataRequestProtoSchema, { routes })
        const ours = encode(decodeRoutes(toBinary(DataRequestProtoSchema, message)))
        expect(fromBinary(DataRequestProtoSchema, ours)).toEqual(message)
      }),
    )
  })

  test('times are Dates, before 1970 and after 2106 too', () => {
    const routes: Route[] = [
      '1969-12-31T23:59:59.999Z',
      '1970-01-01T00:00:00.000Z',
      '2106-02-08T00:00:00.001Z',
    ].map((text) => ({
      executor: 'exec0',
      startTime: new Date(text),
      endTime: new Date(text),
      status: { code: 'SUCCESS', description: '' },
    }))
    expect(decodeRoutes(encode(routes))).toEqual(routes)
  })

  test('an invalid Date is left out', () => {
    expect(decodeRoutes(encode([{ executor: 'a', startTime: new Date(Number.NaN) }]))).toEqual([
      { executor: 'a' },
    ])
  })

  test('garbage gives routes or MALFORMED, never another error', () => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        try {
          encode(decodeRoutes(bytes))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }),
    )
  })
})
