import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { DocListProtoSchema, DocProtoSchema } from '../../test/gen/docarray_v2/docarray_pb.js'
import { Document, DocumentArray } from './index.js'

const node = (value: string) => ({ content: { case: 'text', value } as const })
const v2: MessageInitShape<typeof DocProtoSchema>[] = [
  { data: { id: node('a'), text: node('hello'), embedding: {} } },
  { data: { x: {} } },
  { data: { text: node('水'.repeat(200)) } },
]

test.each(v2)('a document of DocArray v2 is refused by name, wherever documents are read', (init) => {
  const refusal = expect.objectContaining({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('DocArray v2'),
  })
  const thrown = (read: () => unknown): unknown => {
    try {
      return read()
    } catch (error) {
      return error
    }
  }
  const one = toBinary(DocProtoSchema, create(DocProtoSchema, init))
  const list = toBinary(DocListProtoSchema, create(DocListProtoSchema, { docs: [{}, init] }))
  expect(thrown(() => Document.fromProtobuf(one))).toEqual(refusal)
  expect(thrown(() => DocumentArray.fromProtobuf(list))).toEqual(refusal)
})

test('a document of v1 is read, whatever its id is', () => {
  for (const id of [
    '',
    '\n',
    '\n\n',
    '\nid',
    '\n\u0002id\u0012',
    '\n\u0002id\u0012\u0000x',
    'id',
    '\n'.repeat(10),
  ]) {
    const read = DocumentArray.fromProtobuf(new DocumentArray([{ id, text: 'a' }]).toProtobuf())
    expect(read.at(0)!.id).toBe(id)
    expect(Document.fromProtobuf(new Document({ id }).toProtobuf()).id).toBe(id)
  }
})
