import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { runPython } from './python.js'

// The real Jina client, Python with DocArray v1, against a Millrace Flow; jina_client.py has the scenarios.

const executors = new URL('jina-client-executors.mjs', import.meta.url).href

describe.each(['grpc', 'http', 'websocket'])('the Jina client over %s', (protocol) => {
  const flow = new Flow({ host: '127.0.0.1', quiet: true, protocol: ['grpc', 'http', 'websocket'] })
    .add({ name: 'entry' })
    .add({ name: 'first', uses: `${executors}#First` })
    .add({ name: 'counterpart', uses: `${executors}#Counterpart`, replicas: 2 })
  let answers: Record<string, unknown>

  beforeAll(async () => {
    await flow.start()
    answers = await runPython('jina_client.py', { port: flow.port, protocol })
  })

  afterAll(() => flow.close())

  test('it finds the Flow ready, and an unused port not ready', () => {
    expect(answers['ready']).toEqual([true, false])
  })

  test('texts make a round trip in several requests', () => {
    expect(answers['text']).toEqual([250, 250])
    expect(answers['large']).toEqual([1_000, 20_000_000, true])
  })

  test('an endpoint that no stage serves passes documents through', () => {
    expect(answers['unknown_endpoint']).toEqual(['x', 'as it was'])
  })

  test('tensors of every dtype keep values and shape, and their dtype unless they are JSON', () => {
    expect(answers['dtypes']).toEqual([])
    expect(answers['extremes']).toEqual([])
  })

  test('sparse embeddings of every format keep their values; as JSON they are dense', () => {
    expect(answers['sparse']).toEqual([])
  })

  test('embeddings set from a CSR matrix are scipy rows that stack', () => {
    expect(answers['sparse_made_here']).toEqual([
      'csr_matrix',
      [3, 7],
      [
        [0, 0.5, 0, 0, 0, 1.5, 0],
        [0, 2.5, 0, 0, 0, 3.5, 0],
        [0, 4.5, 0, 0, 0, 5.5, 0],
      ],
    ])
  })

  test('blobs keep every byte', () => {
    expect(answers['blobs']).toEqual([true, true])
  })

  test('chunks and matches are nested, and those created by Millrace have their parent', () => {
    expect(answers['nested']).toEqual({
      chunks: [
        ['c', 'chunk', 1, 'root'],
        ['made-chunk', 'chunk again', 1, 'root'],
      ],
      deep: [
        [1, 0],
        [0, 1],
      ],
      tags: { n: 1 },
      matches: [
        ['m', 'match', 1],
        ['made-match', '', 1],
      ],
      blob: [0, 255],
    })
  })

  test('tags of every JSON type are kept', () => {
    expect(answers['tags']).toEqual([true, true])
  })

  test('parameters reach the intended executor, and results come back under its pod', () => {
    expect(answers['parameters']).toEqual([
      { top: 3, deep: { a: [1, true, null, 'x'] }, own: 7 },
      [expect.stringMatching(/^counterpart\/rep-[01]$/)],
    ])
  })

  test('metadata and the endpoint reach the handler', () => {
    expect(answers['metadata']).toEqual(['blue', '/ask'])
  })

  test('routes name the gateway and the stages that took part, with their times', () => {
    expect(answers['routes']).toEqual([
      ['gateway', true, true],
      ['entry', true, true],
      ['counterpart', true, true],
    ])
  })

  test('what an executor throws is raised as BadServer, with name, message, executor and stack', () => {
    expect(answers['raised']).toEqual({
      code: 1,
      description: 'TypeError: this one is bad',
      name: 'TypeError',
      args: ['this one is bad'],
      executor: 'Counterpart',
      has_stack: true,
    })
  })

  test('on_error is called for the failed request, on_always for every request', () => {
    expect(answers['callbacks']).toEqual([null, ['done', 'always', 'error', 'always', 'done', 'always']])
    expect(answers['only_on_error']).toEqual([['a', 'b', 'bad'], [[1]]])
  })

  test('with continue_on_error the other requests are answered, and the Flow keeps running', () => {
    expect(answers['continued']).toEqual([['a', 'b'], 'AFTER'])
  })

  test('answers arrive in order of completion, or in request order when asked for', () => {
    expect(answers['order']).toEqual([
      ['second', 'first'],
      ['first', 'second'],
    ])
  })

  test('a request without documents is answered', () => {
    expect(answers['empty']).toEqual([0, 0, 2, 1])
  })

  test.runIf(protocol !== 'http')('prefetch limits how many requests of a stream are in flight', () => {
    expect(answers['prefetch']).toEqual([2, 20])
  })

  test('target_executor chooses stages by a regular expression', () => {
    expect(answers['target_executor']).toEqual([['first', 'counterpart'], ['counterpart'], ['first']])
  })

  test('request_size sets the documents per request', () => {
    expect(answers['request_size']).toEqual([10, 10, 5])
  })

  test('without a stream every request is a unary call', () => {
    expect(answers['unary']).toEqual(['A', 'B', 'C'])
  })

  test('both replicas answer', () => {
    expect(answers['replicas']).toBe(2)
  })

  test('compressed messages are accepted', () => {
    expect(answers['compressed']).toBe(true)
  })

  test('the asynchronous client works as well', () => {
    expect(answers['asynchronous']).toEqual(['A', 'B', 'C'])
  })
})
