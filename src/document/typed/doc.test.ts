import * as v from 'valibot'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { Document, DocumentArray } from '../index.js'
import { NdArray } from '../nd-array.js'
import { doc } from './doc.js'
import { bytes, optional } from './field-kinds.js'
import type { StandardSchema } from './standard-schema.js'
import { tensor } from './tensor-field.js'
import { documentOf, schemaOf } from './typed-document.js'
import type { DocInit, DocList, Infer } from './types.js'

const Author = doc({ name: z.string(), photo: optional(bytes()) }, { name: 'Author' })
const Article = doc(
  {
    title: z.string(),
    tags: z.array(z.string()).optional(),
    views: z.number().int().default(0),
    embedding: tensor('float32', [2]),
    author: optional(Author),
    reviewers: [Author],
    mask: optional(tensor('bool')),
  },
  { name: 'Article' },
)

function article(more: Partial<DocInit<typeof Article>> = {}) {
  return new Article({ title: 'Water', embedding: [1, 2], reviewers: [], ...more })
}

/** What another program reads. */
function sent(document: Document): Document {
  return Document.fromProtobuf(document.toProtobuf().slice())
}

const refused = (text: string) =>
  expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(text) })

test('a class knows the types of its fields', () => {
  const one = article({ author: { name: 'Ada' } })
  expectTypeOf(one.title).toEqualTypeOf<string>()
  expectTypeOf(one.views).toEqualTypeOf<number>()
  expectTypeOf(one.tags).toEqualTypeOf<string[] | undefined>()
  expectTypeOf(one.embedding).toEqualTypeOf<NdArray<Float32Array>>()
  expectTypeOf(one.author?.name).toEqualTypeOf<string | undefined>()
  expectTypeOf(one.reviewers).toEqualTypeOf<DocList<typeof Author>>()
  expectTypeOf<Infer<typeof Article>['reviewers'][number]['name']>().toEqualTypeOf<string>()
  // @ts-expect-error -- a field that does not exist
  expect(one.titel).toBeUndefined()
  // @ts-expect-error -- `title` is missing
  expect(() => new Article({ embedding: [1, 2], reviewers: [] })).toThrow(refused('title: '))
  // @ts-expect-error -- another type
  expect(() => (one.title = 5)).toThrow(refused('title: '))
  // @ts-expect-error -- float64 where float32 is expected
  one.embedding = new NdArray({ data: new Float64Array(2) })
  expect(one.embedding.dtype).toBe('<f4')
  // @ts-expect-error -- bytes are no Standard Schema that optional() takes
  expect(() => doc({ text: optional(z.string()) })).toThrow(/'text' must be/)
})

test('values are checked when they are set, with defaults, and errors name the field', () => {
  const one = article()
  expect(one.views).toBe(0)
  expect(one.embedding.data).toEqual(Float32Array.of(1, 2))
  one.embedding = new NdArray({ data: Float32Array.of(3, 4) })
  one.tags = ['a']
  one.tags.push('b')
  one.reviewers.push({ name: 'Bob' })
  one.author = new Author({ name: 'Ada', photo: Uint8Array.of(1) })
  one.author.name = 'Grace'
  expect(one.toJSON()).toMatchObject({
    title: 'Water',
    tags: ['a', 'b'],
    author: { name: 'Grace', photo: Uint8Array.of(1) },
    reviewers: [{ name: 'Bob' }],
  })
  one.author = undefined
  expect(one.author).toBeUndefined()
  expect(() => article({ embedding: Float32Array.of(1, 2, 3) })).toThrow(
    refused('embedding: expected float32 [2]; got float32 [3]'),
  )
  expect(() => article({ embedding: new NdArray({ data: Int8Array.of(1, 2) }) as never })).toThrow(
    refused('embedding: expected float32 [2]; got int8 [2]'),
  )
  expect(() => one.reviewers.push({ name: 3 as never })).toThrow(refused('[0].name: '))
  expect(() => article({ titel: 'x' } as never)).toThrow(
    refused("Article has no field 'titel'; did you mean 'title'?"),
  )
})

test('it travels as a Document of DocArray v1 and back', () => {
  const one = article({
    tags: ['x'],
    author: { name: 'Ada', photo: Uint8Array.of(7) },
    reviewers: [{ name: 'Bob' }, { name: 'Eve' }],
    mask: new NdArray({ data: Uint8Array.of(0, 1), dtype: '|b1' }),
  })
  const document = documentOf(one)
  expect(document.tags).toEqual({ title: 'Water', tags: ['x'], views: 0 })
  expect(document.embedding).toBe(one.embedding)
  const read = sent(document)
  schemaOf(Article).check(read)
  const [again] = Article.list([read as never])
  expect(again!.toJSON()).toEqual(one.toJSON())
  expect(again!.reviewers.map(({ name }) => name)).toEqual(['Bob', 'Eve'])
})

test('texts and blobs go to the fields of a Document that have their name', () => {
  const Page = doc({ text: z.string(), uri: z.string(), mimeType: z.string(), blob: bytes() })
  const page = documentOf(
    new Page({ text: 'hi', uri: 'a.html', mimeType: 'text/html', blob: Uint8Array.of(1) }),
  )
  expect([page.text, page.uri, page.mimeType]).toEqual(['hi', 'a.html', 'text/html'])
  // a Document has one of text, blob and tensor
  expect([...page.chunks].map(({ blob }) => blob)).toEqual([Uint8Array.of(1)])
  const Odd = doc({ text: z.number() })
  expect(documentOf(new Odd({ text: 1 })).tags).toEqual({ text: 1 })
})

test('matches and chunks are those of a Document', () => {
  const Found = doc({ text: z.string(), matches: [Author], chunks: [Author] })
  const found = new Found({ text: 'x', matches: [{ name: 'Ada' }], chunks: [{ name: 'Bob' }] })
  const document = documentOf(found)
  expect(document.matches.at(0)?.tags).toEqual({ name: 'Ada' })
  expect(document.chunks.at(0)?.tags).toEqual({ name: 'Bob' })
  const plain = new Document({ text: 'x' })
  schemaOf(Found).check(plain)
  expect(Found.list([plain as never]).at(0)!.matches.length).toBe(0)
})

test('what a peer without the schema sends is taken as far as it fits', () => {
  const given = new Document({
    title: 'Plain',
    embedding: [1, 2],
    author: { name: 'Ada', photo: [1, 2] },
    reviewers: [{ name: 'Bob' }],
  })
  const document = sent(given)
  schemaOf(Article).check(document)
  const [read] = Article.list([document as never])
  expect(read!.toJSON()).toMatchObject({
    title: 'Plain',
    author: { name: 'Ada', photo: Uint8Array.of(1, 2) },
    reviewers: [{ name: 'Bob' }],
  })
  expect(read!.embedding.dtype).toBe('<f4')
  // nothing is in two places
  expect(document.tags).toEqual({ title: 'Plain', views: 0 })
})

test('a check that changes nothing leaves the bytes as they came', () => {
  const bytes = documentOf(article({ tags: ['x'], reviewers: [{ name: 'Bob' }] })).toProtobuf()
  const document = Document.fromProtobuf(bytes)
  schemaOf(doc({ title: z.string(), tags: z.array(z.string()), embedding: tensor('float32', [2]) })).check(
    document,
  )
  expect(document.toProtobuf().buffer).toBe(bytes.buffer)
})

test('errors of a list name the index and the field', () => {
  const documents = new DocumentArray([documentOf(article()), new Document({ title: 5, embedding: [1, 2] })])
  expect(() => schemaOf(Article).checkAll(documents, 'data')).toThrow(refused('data[1].title: '))
})

test('a list has columns, and those of tensors share memory', () => {
  const list = Article.list([article(), article({ title: 'Fire', embedding: [3, 4] })])
  expectTypeOf(list.title).toEqualTypeOf<string[]>()
  expectTypeOf(list.embedding).toEqualTypeOf<NdArray<Float32Array>>()
  expectTypeOf(list.author).toEqualTypeOf<(InstanceType<typeof Author> | undefined)[]>()
  expect(list.title).toEqual(['Water', 'Fire'])
  const column = list.embedding
  expect([column.shape, column.data]).toEqual([[2, 2], Float32Array.of(1, 2, 3, 4)])
  expect(list.embedding.data.buffer).toBe(column.data.buffer)
  column.data[3] = 5
  expect(list.at(1)!.embedding.data).toEqual(Float32Array.of(3, 5))
  const matrix = new NdArray({ data: Float32Array.of(5, 6, 7, 8), shape: [2, 2] })
  list.embedding = matrix
  expect(list.embedding.data.buffer).toBe(matrix.data.buffer)
  list.title = ['A', 'B']
  expect(list.map(({ title }) => title)).toEqual(['A', 'B'])
  expect(() => (list.title = ['A'])).toThrow(refused('one value for each of 2 documents, got 1'))
  expect(() => (list.title = ['A', 5 as never])).toThrow(refused('[1].title: '))
  expect(Article.list().embedding.shape).toEqual([0, 2])
})

test('a field that has the name of a method is reached by column()', () => {
  const Odd = doc({ length: z.number() })
  const list = Odd.list([{ length: 7 }])
  expect([list.length, list.column('length')]).toEqual([1, [7]])
})

test('find and match work on typed lists, with filters of their fields', () => {
  const list = Article.list([
    { title: 'east', embedding: [1, 0], reviewers: [], views: 1 },
    { title: 'north', embedding: [0, 1], reviewers: [], views: 5 },
  ])
  expect(list.find(Float32Array.of(0.1, 1), { limit: 1 }).title).toEqual(['north'])
  expect(list.find(list.at(0)!, { limit: 1 }).title).toEqual(['east'])
  expect(list.find({ views: { $gt: 2 } }).title).toEqual(['north'])
  expect(list.find(Float32Array.of(0, 1), { filter: { views: { $lt: 2 } } }).title).toEqual(['east'])
  expect(() => list.find({ view: { $gt: 2 } })).toThrow(refused("did you mean 'views'?"))
  const Query = doc({ embedding: tensor('float32', [2]), matches: [Article] })
  const queries = Query.list([{ embedding: [1, 0.1], matches: [] }])
  queries.match(list, { limit: 1, metric: 'euclidean' })
  const [match] = queries.at(0)!.matches
  expect([match!.title, Object.keys(match!.scores)]).toEqual(['east', ['euclidean']])
  expect(queries.toArray()[0]?.matches[0]?.scores?.['euclidean']?.value).toBeCloseTo(0.1)
})

test('documents become another class with the fields that they lack', () => {
  const Text = doc({ title: z.string() })
  const texts = Text.list([{ id: 'a', title: 'x' }])
  const more = texts.to(Article, () => ({ embedding: Float32Array.of(1, 2) }))
  expect(more.toArray()).toEqual([expect.objectContaining({ id: 'a', title: 'x', views: 0, reviewers: [] })])
  expect(() => texts.to(doc({ other: z.string() }))).toThrow(refused('[0].other: '))
})

test('a class can be extended', () => {
  class Loud extends doc({ title: z.string() }) {
    get shout(): string {
      return this.title.toUpperCase()
    }
  }
  expect(Loud.list([{ title: 'a' }]).at(0)!.shout).toBe('A')
  expect(schemaOf(Loud).name).toBe('Loud')
})

test('any Standard Schema is a field; one that validates asynchronously is refused', () => {
  const Other = doc({ title: v.pipe(v.string(), v.minLength(2)) })
  expect(new Other({ title: 'ab' }).title).toBe('ab')
  expect(() => new Other({ title: 'a' })).toThrow(refused('title: '))
  const later: StandardSchema<string> = {
    '~standard': { version: 1, vendor: 'later', validate: async (value) => ({ value: String(value) }) },
  }
  expect(() => new (doc({ title: later }))({ title: 'x' })).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('later') }),
  )
})

test('names and values that cannot be fields are refused', () => {
  for (const [fields, message] of [
    [{ id: z.string() }, 'every document has it'],
    [{ toJSON: z.string() }, 'choose another name'],
    [{ a__b: z.string() }, "'__'"],
    [{ a: 'string' }, "'a' must be a Standard Schema"],
    [{ a: [z.string()] }, "'a' must be"],
  ] as const)
    expect(() => doc(fields as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    )
  expect(() => tensor('float' as never)).toThrow(/there is no dtype 'float'/)
  expect(() => tensor('int8', [-1])).toThrow(/whole numbers from 0/)
})
