import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { runPython } from './python.js'

// The HTTP and WebSocket clients of Jina 3.34 with DocArray v2 against a Millrace Flow.

const executors = new URL('docarray-v2-executors.mjs', import.meta.url).href

const flow = new Flow({ host: '127.0.0.1', quiet: true, port: [0, 0], protocol: ['http', 'websocket'] })
  .add({ name: 'untyped', uses: `${executors}#Untyped` })
  .add({ name: 'typed', uses: `${executors}#Typed` })

beforeAll(async () => {
  await flow.start()
})

afterAll(() => flow.close())

describe('over HTTP, with the header docarray: v2', () => {
  let answers: Record<string, unknown>

  beforeAll(async () => {
    answers = await runPython('docarray_v2_http.py', { port: flow.ports[0] })
  }, 180_000)

  test('texts make a round trip in several requests, and in one of 10,000 documents', () => {
    expect(answers['text']).toEqual([250, true, ['', 'GRÜSSE 1 你好']])
    expect(answers['large']).toEqual([10_000, true])
  })

  test('n-d arrays come from endpoints with types and without', () => {
    expect(answers['untyped_embedding']).toEqual([4, 0, 0, 0.5])
    expect(answers['typed_embedding']).toEqual([[0, 1, 2], true])
  })

  test('fields that a handler leaves alone keep their values, and others are changed', () => {
    expect(answers['unchanged']).toEqual([])
    const reviewers = [
      ['Bob', null],
      ['Eve', 4],
      ['Zoe', 5],
    ]
    expect(answers['changed']).toEqual(['GRÜSSE 你好', 8, reviewers, 'Ada', [0, 1, 2]])
  })

  test('LegacyDocuments have chunks, matches and scores', () => {
    expect(answers['legacy']).toEqual(['l', 'hello', { price: 10 }, [['c', 'chunk']]])
    expect(answers['made']).toEqual(['made', 'here', [{ cosine: 0.25 }]])
  })

  test('documents that do not fit are refused, with the field', () => {
    expect(answers['refused']).toBe(true)
  })

  test('documents stream', () => {
    expect(answers['streamed']).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
  })
})

test('over WebSocket, with protobuf', { timeout: 180_000 }, async () => {
  const answers = await runPython<Record<string, unknown>>('docarray_v2_client.py', {
    port: flow.ports[1],
    protocol: 'websocket',
  })
  expect(answers).toMatchObject({
    ready: true,
    text: [250, true, ['GRÜSSE 0 你好', 'GRÜSSE 1 你好']],
    large: [10_000, true],
    typed_embedding: ['<f4', [3, 1, 2, 3], true],
    unchanged: [],
    dtypes: [],
    legacy_documents: true,
    made_from_nothing: ['made', 'here'],
    emptied: [0, 0],
    batched: ['A', 'B'],
    refused: [expect.stringContaining('data[0].text: '), 'TypeError: this one is bad'],
  })
})
