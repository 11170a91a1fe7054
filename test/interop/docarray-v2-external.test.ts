import { Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { dialGrpc } from '../../src/transport/grpc/channel.js'
import { type PythonServer, runPython, servePython } from './python.js'

// A gateway of Millrace in front of an Executor, and of a whole Flow, of Jina 3.34 with DocArray v2.

interface Ports {
  readonly executor: number
  readonly flow: number
  readonly described: number
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

  test('its documents stream', () => {
    expect(answers['streamed']).toEqual(['a', 'b', 'c'])
  })
})

test('the schemas of a Jina Executor are those of the gateway, for gRPC and OpenAPI', async () => {
  const port = server.ready.described
  await using flow = await new Flow({
    host: '127.0.0.1',
    quiet: true,
    port: [0, 0],
    protocol: ['grpc', 'http'],
  })
    .add({ name: 'foreign', external: true, host: '127.0.0.1', port })
    .start()
  const described = async (at: number) => {
    const channel = await dialGrpc({
      kind: 'grpc',
      host: '127.0.0.1',
      port: at,
      tls: false,
    })
    return channel.describe().finally(() => channel.close())
  }
  const { schemas, streamEndpoints } = await described(port)
  expect(Object.keys(schemas)).toEqual(expect.arrayContaining(['/encode', '/words']))
  expect(streamEndpoints).toEqual(['/words'])
  // the gateway asks the Executor when it has reached it
  await expect
    .poll(() => described(flow.ports[0]!).catch(() => undefined))
    .toMatchObject({ schemas, streamEndpoints })
  const openApi = (await (await fetch(`http://127.0.0.1:${flow.ports[1]}/openapi.json`)).json()) as {
    paths: object
  }
  expect(Object.keys(openApi.paths)).toEqual(expect.arrayContaining(['/encode', '/words']))
})
