import { fromBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DocListProtoSchema } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { DocumentArray } from '../index.js'
import { documentOf, schemaOf } from '../typed/index.js'
import { decodeDocList, docListFromJson, nodesText, readTypedDocuments, writeDocList } from './index.js'
import { type RandomTyped, randomTyped } from './typed.suite.js'

/** The documents of a class, as a handler gives them. */
function given({ Class, documents }: RandomTyped): DocumentArray {
  const typed = Class.list(documents)
  return new DocumentArray(Array.from(typed, (one) => documentOf(one)))
}

/** As a handler reads what came. */
function read({ Class }: RandomTyped, came: DocumentArray): unknown {
  schemaOf(Class).checkAll(came, 'data')
  return (schemaOf(Class).list(came) as { toArray(): unknown }).toArray()
}

const expected = ({ Class, documents }: RandomTyped): unknown => Class.list(documents).toArray()

test('random documents of random schemas survive the wire of v2', () => {
  fc.assert(
    fc.property(randomTyped({ hasBytes: true }), (typed) => {
      const schema = schemaOf(typed.Class)
      const bytes = writeDocList(given(typed), schema)
      const came = readTypedDocuments(decodeDocList(bytes), schema, 'data')
      expect(read(typed, came)).toEqual(expected(typed))
      // what a handler leaves alone is the message again
      const again = fromBinary(DocListProtoSchema, Uint8Array.from(writeDocList(came, schema)))
      expect(again).toEqual(fromBinary(DocListProtoSchema, Uint8Array.from(bytes)))
    }),
  )
})

test('random documents of random schemas survive the wire of v1', () => {
  fc.assert(
    fc.property(randomTyped({ hasBytes: true }), (typed) => {
      const came = DocumentArray.fromProtobuf(given(typed).toProtobuf())
      expect(read(typed, came)).toEqual(expected(typed))
    }),
  )
})

test('random documents of random schemas survive JSON with the fields by name', () => {
  fc.assert(
    fc.property(randomTyped({ hasBytes: false }), (typed) => {
      const schema = schemaOf(typed.Class)
      const texts = decodeDocList(writeDocList(given(typed), schema)).map(nodesText)
      const placed = texts.map((text, at) => ({ json: JSON.parse(text) as unknown, place: ['data', at] }))
      const came = readTypedDocuments(decodeDocList(docListFromJson(placed)), schema, 'data')
      expect(read(typed, came)).toEqual(expected(typed))
    }),
  )
})
