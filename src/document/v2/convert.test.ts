import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DocListProtoSchema, type DocProtoSchema } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { atOnce } from '../../lib/slices.js'
import { anyDocument } from '../arbitraries.suite.js'
import { Document, DocumentArray } from '../index.js'
import { record } from '../record.js'
import { versionOfList } from '../list-version.js'
import { randomDocProto } from './arbitraries.suite.js'
import { decodeDocList, keepNothing, listAsV1, listAsV2 } from './index.js'

type DocInit = MessageInitShape<typeof DocProtoSchema>

const joined = (pieces: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(pieces))
const message = (bytes: Uint8Array) => fromBinary(DocListProtoSchema, bytes)

/** The documents with an id of its own for each one, those in documents too. */
function numbered(documents: readonly DocInit[]): Uint8Array {
  const { docs } = create(DocListProtoSchema, { docs: [...documents] })
  let count = 0
  const number = (doc: (typeof docs)[number]): void => {
    doc.data['id'] = create(DocListProtoSchema, {
      docs: [{ data: { id: { content: { case: 'text', value: `n${count++}` } } } }],
    }).docs[0]!.data['id']!
    for (const { content } of Object.values(doc.data)) {
      if (content.case === 'doc') number(content.value)
      else if (content.case === 'docArray') content.value.docs.forEach(number)
      else if (content.case === 'list')
        for (const item of content.value.data) if (item.content.case === 'doc') number(item.content.value)
    }
  }
  docs.forEach(number)
  return toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs }))
}

test('random documents of v2 come back from the wire of v1 as they were', () => {
  fc.assert(
    fc.property(fc.array(randomDocProto, { maxLength: 4 }), (documents) => {
      const list = numbered(documents)
      const kept = keepNothing()
      const there = joined(atOnce(listAsV1(list, { keep: kept })))
      expect(versionOfList(there)).toBe(documents.length === 0 ? undefined : 'v1')
      expect(message(joined(atOnce(listAsV2(there, { kept }))))).toEqual(message(list))
    }),
  )
})

test('random Documents come back from the wire of v2, where its fields hold their values', () => {
  fc.assert(
    fc.property(fc.array(anyDocument, { maxLength: 4 }), (documents) => {
      const list = new DocumentArray(documents).toProtobuf()
      const kept = keepNothing()
      const there = joined(atOnce(listAsV2(list, { keep: kept })))
      const isEmpty = documents.every((document) => document.toProtobuf().length === 0)
      expect(versionOfList(there)).toBe(isEmpty ? undefined : 'v2')
      const back = DocumentArray.fromProtobuf(joined(atOnce(listAsV1(there, { kept }))))
      expect(Array.from(back, facts)).toEqual(documents.map(facts))
    }),
  )
})

/** Parts of a Document that both formats have alike. */
function facts(one: Document): unknown {
  const { text, uri, mimeType, tags, parentId, granularity, adjacency, weight, location } = one
  const own = { parentId, granularity, adjacency, weight, location }
  return {
    id: one[record].get(1),
    text,
    uri,
    mimeType,
    tags,
    ...own,
    chunks: one.chunks.length,
    matches: one.matches.length,
  }
}

test('entries of tags that the peer has as fields are fields, also of the documents in a typed document', () => {
  const author = new Document({ id: 'b', modality: 'field:author', tags: { name: 'Ada' } })
  const given = new Document({
    id: 'a',
    text: 'x',
    tags: { title: 't', text: 'other', more: 1 },
    chunks: [author],
  })
  const list = new DocumentArray([given]).toProtobuf()
  const fieldNames = new Set(['id', 'text', 'title', 'author'])
  const [nodes] = decodeDocList(joined(atOnce(listAsV2(list, { fieldNames }))))
  expect(nodes!.get('title')).toMatchObject({ kind: 'text', value: 't' })
  expect(nodes!.get('text')).toMatchObject({ value: 'x' })
  expect([...(nodes!.get('tags') as { value: ReadonlyMap<string, unknown> }).value.keys()]).toEqual([
    'text',
    'more',
  ])
  expect((nodes!.get('author') as { value: ReadonlyMap<string, unknown> }).value.get('name')).toMatchObject({
    value: 'Ada',
  })
})
