import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DocListProtoSchema } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { anyDocument } from '../arbitraries.suite.js'
import { versionOfList } from '../list-version.js'
import { Document, DocumentArray } from '../index.js'
import { randomDocProto } from './arbitraries.suite.js'
import { decodeDocList, readDocuments, writeDocList } from './index.js'

const listBytes = fc
  .array(randomDocProto, { maxLength: 4 })
  .map((docs) => toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs })))

const message = (bytes: Uint8Array) => fromBinary(DocListProtoSchema, Uint8Array.from(bytes))

test('random documents of v2 become Documents, and documents of v2 again that are equal', () => {
  fc.assert(
    fc.property(listBytes, (bytes) => {
      const documents = readDocuments(decodeDocList(bytes), 'data')
      expect(message(writeDocList(documents))).toEqual(message(bytes))
    }),
  )
})

test('v1 and v2 are told apart by the bytes of a list', () => {
  fc.assert(
    fc.property(listBytes, (bytes) => {
      const isEmpty = message(bytes).docs.every(({ data }) => Object.keys(data).length === 0)
      expect(versionOfList(bytes)).toBe(isEmpty ? undefined : 'v2')
    }),
  )
  fc.assert(
    fc.property(fc.array(anyDocument, { maxLength: 4 }), (documents) => {
      const bytes = new DocumentArray(documents).toProtobuf()
      const isEmpty = documents.every((document) => document.toProtobuf().length === 0)
      expect(versionOfList(bytes)).toBe(isEmpty ? undefined : 'v1')
    }),
  )
})

/** The map entry of a document of v2, as the id of a Document. */
function entryId(name: string, value: string): string {
  const docs = [{ data: { [name]: { content: { case: 'text' as const, value } } } }]
  const bytes = toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs }))
  return new TextDecoder().decode(bytes.subarray(4))
}

test('a Document whose id has the bytes of a field of v2 is of v1 if anything else in its list says so', () => {
  const odd = entryId('id', 'a')
  const list = (...documents: Document[]) => versionOfList(new DocumentArray(documents).toProtobuf())
  expect(list(new Document({ id: odd, text: 'a' }))).toBe('v1')
  expect(list(new Document({ id: odd }), new Document({ id: 'b' }))).toBe('v1')
  expect(list(new Document({ id: `${odd}x` }))).toBe('v1')
  expect(list(new Document({ id: `${odd}\n` }))).toBe('v1')
  // the only lists that can be misread: these bytes are a document of v2 with an id, too
  expect(list(new Document({ id: odd }))).toBe('v2')
})
