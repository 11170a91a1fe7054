import { Document, DocumentArray, Executor, Flow, NdArray } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { pythonPath, type PythonServer, pythonV2Path, runPython, servePython } from './python.js'

// Servers of Jina that speak one format of documents only, as stages of a Flow whose clients speak the other one.

interface Ports {
  readonly executor: number
  readonly flow: number
}

let v1: PythonServer<Ports>
let v2: PythonServer<Ports & { readonly flat: number }>

beforeAll(async () => {
  v1 = await servePython('jina_server.py', {})
  v2 = await servePython('docarray_v2_server.py', {})
})

afterAll(async () => {
  await v1?.stop()
  await v2?.stop()
})

const options = { host: '127.0.0.1', quiet: true, port: 0 } as const
const external = (port: number) => ({ external: true, host: '127.0.0.1', port }) as const

/** Changes texts in place. */
class Upper extends Executor {
  static override requests = { '/reverse': 'upper' }
  static override module = import.meta.url
  upper(docs: DocumentArray) {
    for (const doc of docs) doc.text = doc.text.toUpperCase()
  }
}

describe('documents of v1 at a server that speaks only v2', () => {
  let flow: Flow<'foreign'>

  beforeAll(async () => {
    flow = new Flow(options).add({ name: 'foreign', ...external(v2.ready.flat) })
    await flow.start()
  })

  afterAll(() => flow?.close())

  test('the client of Jina 3.14 gets documents of v1', async () => {
    const answers = await runPython<Record<string, unknown>>('jina_other_format.py', { port: flow.port })
    expect(answers).toMatchObject({
      reverse: [150, '3 eßürg!', true],
      encode: ['a', 'four', [4, 1, 2, 3]],
      book: ['a', { title: 'grüße!', views: 2, labels: ['one', 'seen'], extra: { deep: { x: [1, null] } } }],
      refused: expect.stringContaining('title') as unknown,
      odd: expect.stringMatching(
        /DocArray v2, and the request has those of v1.*data\[0]\.extra\.array/,
      ) as unknown,
      failed: expect.stringContaining('not today') as unknown,
    })
  })

  test('the place of a Document among others stays', async () => {
    const given = new Document({ id: 'a', text: 'abc', parentId: 'p', granularity: 2, adjacency: 1 })
    const [doc] = await flow.post('/reverse', new DocumentArray([given]))
    expect([doc!.text, doc!.parentId, doc!.granularity, doc!.adjacency]).toEqual(['cba.', 'p', 2, 1])
  })

  test('its documents stream', async () => {
    const texts: string[] = []
    for await (const doc of flow.streamDoc('/words', { text: 'a b c' })) texts.push(doc.text)
    expect(texts).toEqual(['a', 'b', 'c'])
  })

  test('a value that v1 does not have is refused with both names', async () => {
    await expect(flow.post('/odd', { tags: { title: 'a' } })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/DocArray v2, and the request has those of v1/) as unknown,
    })
  })
})

test.each(['executor', 'flow'] as const)(
  'a v2 %s that Jina cannot describe is known as one of v2',
  async (kind) => {
    await using flow = await new Flow(options).add({ name: 'foreign', ...external(v2.ready[kind]) }).start()
    expect((await flow.post('/reverse', ['abc'])).texts).toEqual(['cba.'])
    expect((await flow.post('/alone', ['abc'])).texts).toEqual(['abc alone'])
  },
)

describe.each(['executor', 'flow'] as const)('documents of v2 at a v1 %s', (kind) => {
  test('the client of Jina 3.34 gets documents of v2', async () => {
    await using flow = await new Flow(options).add({ name: 'foreign', ...external(v1.ready[kind]) }).start()
    const answers = await runPython<Record<string, unknown>>('docarray_v2_other_format.py', {
      port: flow.port,
    })
    expect(answers).toEqual({
      reverse: [150, '3 eßürg!', true],
      dtypes: [],
      kept: true,
      made: ['from Python', ['part']],
      refused: expect.stringMatching(/DocArray v1, and these are of v2.*data\[0]\.extra\.array/) as unknown,
      failed: expect.stringContaining('not today') as unknown,
    })
  })
})

describe('an Executor of Millrace between servers of both formats', () => {
  let flow: Flow<'first' | 'own' | 'last'>

  beforeAll(async () => {
    flow = new Flow(options)
      .add({ name: 'first', ...external(v2.ready.flat) })
      .add({ name: 'own', uses: Upper, runtime: 'inline' })
      .add({ name: 'last', ...external(v1.ready.executor) })
    await flow.start()
  })

  afterAll(() => flow?.close())

  test('serves a client of v1', async () => {
    expect((await flow.post('/reverse', ['abc'], { parameters: { suffix: '!' } })).texts).toEqual(['!ABC!'])
  })

  test('serves a client of v2', async () => {
    const answers = await runPython<Record<string, unknown>>('docarray_v2_other_format.py', {
      port: flow.port,
    })
    expect(answers['reverse']).toEqual([150, '!GRÜSSE 3!', true])
  })

  test('joins branches of both', async () => {
    await using both = await new Flow(options)
      .add({ name: 'a', needs: 'gateway', ...external(v2.ready.flat) })
      .add({ name: 'b', needs: 'gateway', ...external(v1.ready.executor) })
      .add({ name: 'join', needs: ['a', 'b'] })
      .start()
    const docs = await both.post('/reverse', new DocumentArray([new Document({ id: 'x', text: 'abc' })]))
    expect([docs.length, docs.texts]).toEqual([1, ['cba.']])
  })
})

test('Executors in Python as pods are such servers too', async () => {
  const folder = new URL('.', import.meta.url).pathname
  await using flow = await new Flow({ ...options, env: { PYTHONPATH: folder } })
    .add({ name: 'v2', uses: 'python:docarray_v2_server.Flat', python: pythonV2Path() })
    .add({ name: 'v1', uses: 'python:jina_server.Foreign', python: pythonPath() })
    .start()
  expect((await flow.post('/reverse', ['abc'], { parameters: { suffix: '!' } })).texts).toEqual(['!abc!'])
  const tensor = new NdArray({ data: Float32Array.of(1, 2), shape: [2] })
  const [doc] = await flow.post('/tensor', new DocumentArray([new Document({ tensor })]))
  expect((doc!.tensor as NdArray).data).toEqual(Float32Array.of(2, 4))
})
