import { readFileSync } from 'node:fs'
import { fromBinary } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { DocListProtoSchema } from '../../../test/gen/docarray_v2/docarray_pb.js'
import { DataRequest } from '../../wire/data-request.js'
import { NdArray } from '../index.js'
import { bytes, doc, optional, schemaOf, tensor } from '../typed/index.js'
import { decodeDocList, readDocuments, readTypedDocuments, writeDocList } from './index.js'

// Recorded from the client of Jina 3.34 by test/interop/docarray_v2_fixtures.py.
const fixtures = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/docarray-v2.json', import.meta.url), 'utf8'),
) as { messages: Record<string, string> }

function recorded(name: string): DataRequest {
  return DataRequest.decode(Buffer.from(fixtures.messages[name]!, 'base64'))
}

const message = (bytes: Uint8Array) => fromBinary(DocListProtoSchema, Uint8Array.from(bytes))
const documents = (name: string) => readDocuments(decodeDocList(recorded(name).list!), 'data')

test.each(['text', 'unary', 'single', 'article', 'defaults', 'legacy', 'arrays', 'id-only'])(
  'what an untyped handler leaves alone is the message again: %s',
  (name) => {
    const { list } = recorded(name)
    const written = writeDocList(documents(name))
    expect(message(written)).toEqual(message(list!))
    // docarray leaves out the buffer of an array without elements
    if (name !== 'arrays') expect(Buffer.from(written).equals(list!)).toBe(true)
  },
)

test('fields with a counterpart are fields of a Document', () => {
  const one = documents('legacy').at(0)!
  expect([one.id, one.text, one.uri]).toEqual(['l', 'hello', 'http://example.org/l.txt'])
  expect(one.tags).toEqual({ price: 10, half: 0.5, names: ['a'] })
  expect((one.embedding as NdArray).data).toEqual(Float64Array.of(0, 1, 2, 3))
  const [chunk, match] = [one.chunks.at(0)!, one.matches.at(0)!]
  expect([chunk.id, chunk.text, chunk.parentId]).toEqual(['l1', 'chunk', 'l'])
  expect([match.id, match.scores]).toEqual(['l2', { cosine: { value: 0.25 } }])
})

test('a typed document is read field by field', () => {
  const Author = doc({ name: z.string(), age: z.number().int().nullable() })
  const Article = doc({
    title: z.string(),
    views: z.number().int(),
    raw: optional(bytes()),
    keywords: z.array(z.string()),
    extra: z.record(z.string(), z.unknown()),
    embedding: tensor('float32', [3]),
    mask: optional(tensor('bool')),
    author: optional(Author),
    reviewers: [Author],
  })
  const schema = schemaOf(Article)
  const docs = readTypedDocuments(decodeDocList(recorded('article').list!), schema, 'data')
  schema.checkAll(docs, 'data')
  const [one] = Article.list(docs as never)
  expect(one!.toJSON()).toMatchObject({
    id: 'a',
    title: 'grüße 你好',
    raw: Uint8Array.of(0, 255),
    author: { id: 'b', name: 'Ada', age: 36 },
    reviewers: [
      { name: 'Bob', age: null },
      { name: 'Eve', age: 4 },
    ],
  })
  const again = message(writeDocList(docs, schema)).docs[0]!.data
  const sent = message(recorded('article').list!).docs[0]!.data
  for (const name of [
    'id',
    'title',
    'views',
    'raw',
    'keywords',
    'extra',
    'embedding',
    'mask',
    'author',
    'reviewers',
  ])
    expect(again[name], name).toEqual(sent[name])
})
