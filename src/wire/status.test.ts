import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { garbage, status } from './arbitraries.suite.js'
import { StatusProtoSchema } from '../../test/gen/docarray_v1/jina_pb.js'
import { decodeStatus, encodeStatus } from './status.js'

describe('StatusProto', () => {
  test('decoded and encoded again it is the same to protobuf-es', () => {
    fc.assert(
      fc.property(status, (init) => {
        const message = create(StatusProtoSchema, init)
        const ours = encodeStatus(decodeStatus(toBinary(StatusProtoSchema, message)))
        expect(fromBinary(StatusProtoSchema, ours)).toEqual(message)
      }),
    )
  })

  test('is decoded into the named values', () => {
    const bytes = toBinary(
      StatusProtoSchema,
      create(StatusProtoSchema, {
        code: 1,
        description: "ValueError('no')",
        exception: { name: 'ValueError', args: ['no'], stacks: ['a\n', 'b\n'], executor: 'MyExec' },
      }),
    )
    expect(decodeStatus(bytes)).toEqual({
      code: 'ERROR',
      description: "ValueError('no')",
      exception: { name: 'ValueError', args: ['no'], stacks: ['a\n', 'b\n'], executor: 'MyExec' },
    })
  })

  test('no bytes are SUCCESS, and a code of a later version is ERROR', () => {
    expect(decodeStatus(new Uint8Array())).toEqual({ code: 'SUCCESS', description: '' })
    expect(decodeStatus(Uint8Array.of(8, 7)).code).toBe('ERROR')
  })

  test('garbage gives a status or MALFORMED, never another error', () => {
    fc.assert(
      fc.property(garbage, (bytes) => {
        try {
          decodeStatus(bytes)
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }),
    )
  })
})
