import { Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { runPython } from './python.js'

// The client of Jina 3.34 with DocArray v2 against a Millrace Flow; docarray_v2_client.py has the scenarios.

const executors = new URL('docarray-v2-executors.mjs', import.meta.url).href

const flow = new Flow({ host: '127.0.0.1', quiet: true, port: 0 })
  .add({ name: 'untyped', uses: `${executors}#Untyped` })
  .add({ name: 'typed', uses: `${executors}#Typed`, replicas: 2 })
let answers: Record<string, unknown>

beforeAll(async () => {
  await flow.start()
  answers = await runPython('docarray_v2_client.py', { port: flow.port, protocol: 'grpc' })
})

afterAll(() => flow.close())

test('it finds the Flow ready', () => {
  expect(answers['ready']).toBe(true)
})

test('texts make a round trip in several requests, in one of 10,000 documents, and without a stream', () => {
  expect(answers['text']).toEqual([250, true, ['GRÜSSE 0 你好', 'GRÜSSE 1 你好']])
  expect(answers['large']).toEqual([10_000, true])
  expect(answers['unary']).toEqual(['A'])
})

test('n-d arrays come from endpoints with types and without', () => {
  expect(answers['untyped_embedding']).toEqual(['<f4', [4, 0, 0, 0.5]])
  expect(answers['typed_embedding']).toEqual(['<f4', [3, 1, 2, 3], true])
})

test('n-d arrays of every dtype keep values, shape and dtype', () => {
  expect(answers['dtypes']).toEqual([])
})

test('fields that a handler leaves alone keep value and type: nested, optional, union, list, tuple, set, dict', () => {
  expect(answers['unchanged']).toEqual([])
  expect(answers['legacy_documents']).toBe(true)
})

test('what handlers change is changed, by typed documents and by tags', () => {
  const reviewers = [
    ['Bob', null],
    ['Eve', 4],
    ['Zoe', 5],
  ]
  expect(answers['changed']).toEqual(['GRÜSSE 你好', 8, reviewers, 'Ada', [0, 1, 2]])
  expect(answers['changed_untyped']).toEqual(['grüße 你好!', 7, 1, [[true, false]]])
})

test('Documents that Millrace makes are LegacyDocuments', () => {
  expect(answers['made_here']).toEqual({
    id: 'made',
    text: 'here',
    url: 'http://a',
    tags: { n: 1, half: 0.5 },
    embedding: [[1, 2]],
    chunks: [['chunk', [0, 255]]],
    matches: [['match', 'm', { cosine: 0.25 }]],
  })
  expect(answers['made_from_nothing']).toEqual(['made', 'here'])
})

test('untyped handlers find other fields in tags', () => {
  expect(answers['seen']).toMatchObject({
    title: 'grüße 你好',
    either: 'three',
    extra: { map: { deep: { x: 1 } } },
  })
})

test('empty lists, batches and streams', () => {
  expect(answers['emptied']).toEqual([0, 0])
  expect(answers['batched']).toEqual(['A', 'B'])
  expect(answers['streamed']).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ])
})

test('documents that do not fit are refused, with the field', () => {
  expect(answers['refused']).toEqual([
    expect.stringContaining('data[0].text: '),
    'TypeError: this one is bad',
  ])
})
