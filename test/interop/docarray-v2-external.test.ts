import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type PythonServer, runPython, servePython } from './python.js'

// A gateway of Millrace in front of an Executor, and of a whole Flow, of Jina 3.34 with DocArray v2.

interface Ports {
  readonly executor: number
  readonly flow: number
}

let server: PythonServer<Ports>

beforeAll(async () => {
  server = await servePython<Ports>('docarray_v2_server.py', {})
})

afterAll(() => server?.stop())

describe.each(['executor', 'flow'] as const)('a Jina %s with DocArray v2 as a stage', (kind) => {
  let flow: Flow<'before' | 'foreign'>
  let answers: Record<string, unknown>

  beforeAll(async () => {
    flow = new Flow({ host: '127.0.0.1', quiet: true, port: 0 })
      .add({ name: 'before' })
      .add({ name: 'foreign', external: true, host: '127.0.0.1', port: server.ready[kind] })
    await flow.start()
    answers = await runPython('docarray_v2_external.py', { port: flow.port })
  })

  afterAll(() => flow?.close())

  test('its documents and parameters make a round trip', () => {
    expect(answers['reverse']).toEqual([150, '3 eßürg!', true])
    expect(answers['unary']).toEqual(['cba.'])
    expect(answers['encode']).toEqual(['a', [4, 1, 2, 3]])
    expect(answers['unchanged']).toBe(true)
    expect(answers['alone']).toEqual(['a alone', 'b alone'])
  })

  test('its exceptions and refusals arrive', () => {
    expect(answers['failed']).toContain('not today')
    expect(answers['refused']).toBe(true)
  })

  test('its schemas are those of the gateway', () => {
    expect(answers['discovered']).toEqual([
      [
        ['id', 'text'],
        ['embedding', 'id', 'text'],
      ],
      true,
      true,
    ])
  })

  test('its documents stream', () => {
    expect(answers['streamed']).toEqual(['a', 'b', 'c'])
  })
})
