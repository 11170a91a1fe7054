import { Document, DocumentArray, Flow, NdArray } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type PythonServer, servePython } from './python.js'

// An external stage that is a real Jina Executor, and one that is a whole Jina Flow.

interface Ports {
  readonly executor: number
  readonly flow: number
}

let server: PythonServer<Ports>

beforeAll(async () => {
  server = await servePython<Ports>('jina_server.py', {})
})

afterAll(() => server?.stop())

describe.each(['executor', 'flow'] as const)('a Jina %s as a stage', (kind) => {
  let flow: Flow<'before' | 'foreign'>

  beforeAll(async () => {
    flow = new Flow({ host: '127.0.0.1', quiet: true })
      .add({ name: 'before' })
      .add({ name: 'foreign', external: true, host: '127.0.0.1', port: server.ready[kind] })
    await flow.start()
  })

  afterAll(() => flow?.close())

  test('documents and parameters make a round trip', async () => {
    const docs = await flow.post('/reverse', ['grüße', 'abc'], {
      parameters: { suffix: '!' },
      requestSize: 1,
    })
    expect(docs.texts.toSorted()).toEqual(['cba!', 'eßürg!'])
  })

  test('it computes with tensors', async () => {
    const tensor = new NdArray({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], dtype: '<f4' })
    const [doc] = await flow.post('/tensor', new DocumentArray([new Document({ tensor })]))
    expect((doc!.tensor as NdArray).data).toEqual(Float32Array.of(2, 4, 6, 8))
  })

  test('documents that it creates arrive with their chunks', async () => {
    const [doc] = await flow.post('/new')
    expect([doc!.text, doc!.chunks.texts]).toEqual(['from Python', ['part']])
  })

  test('its exception is reported as the error', async () => {
    await expect(flow.post('/fail', 'x')).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('not today') as unknown,
    })
    expect((await flow.post('/reverse', 'ba')).texts).toEqual(['ab'])
  })

  test('an endpoint that it does not serve passes documents through', async () => {
    expect((await flow.post('/nobody-has-this', 'as it was')).texts).toEqual(['as it was'])
  })

  test('its results are reported under its name', async () => {
    const [response] = await flow.post('/results', ['a', 'b'], { returnResponses: true })
    const [results] = Object.values(response!.parameters['__results__'] as object) as unknown[]
    expect(results).toEqual({ seen: 2 })
  })
})
