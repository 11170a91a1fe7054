import { Document, DocumentArray, Flow } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type PythonServer, servePython } from './python.js'

// A real Jina Executor, and a whole Jina Flow, between shards whose answers are not reduced and a Millrace stage. Jina
// keeps unknown fields of a request, and returns them with its answer.

interface Ports {
  readonly executor: number
  readonly flow: number
}

const executors = new URL('jina-shards-executors.mjs', import.meta.url).href
let server: PythonServer<Ports>

beforeAll(async () => {
  server = await servePython<Ports>('jina_server.py', {})
})

afterAll(() => server?.stop())

describe.each(['executor', 'flow'] as const)('a Jina %s behind shards without a reduce', (kind) => {
  let flow: Flow<string>
  let direct: Flow<string>
  const docs = (): DocumentArray => new DocumentArray(['a', 'b'].map((id) => new Document({ id })))
  const shards = {
    name: 'giver',
    uses: `${executors}#Giver`,
    shards: 3,
    runtime: 'thread',
    polling: 'ALL',
    reduce: false,
  } as const
  const all = ['a of 0', 'b of 0', 'a of 1', 'b of 1', 'a of 2', 'b of 2']

  beforeAll(async () => {
    const foreign = { name: 'foreign', external: true, host: '127.0.0.1', port: server.ready[kind] } as const
    flow = new Flow({ host: '127.0.0.1', quiet: true })
      .add(shards)
      .add(foreign)
      .add({ name: 'matrix', uses: `${executors}#Matrix`, runtime: 'thread' })
    direct = new Flow({ host: '127.0.0.1', quiet: true }).add(shards).add(foreign)
    await Promise.all([flow.start(), direct.start()])
  })

  afterAll(() => Promise.all([flow?.close(), direct?.close()]))

  /** The input of the next stage, as that stage reports it. */
  async function given(endpoint: string): Promise<unknown> {
    const [response] = await flow.post(endpoint, docs(), { returnResponses: true })
    return (response!.parameters['__results__'] as Record<string, unknown>)['matrix/rep-0']
  }

  test('gets the documents of all shards, concatenated', async () => {
    expect((await direct.post('/keep', docs())).texts).toEqual(all.map((text) => `${text}!`))
    expect((await direct.post('/gather', docs())).texts).toEqual([all.join(' ')])
  })

  test('is a single answer to the next stage', async () => {
    const texts = all.map((text) => `${text}!`)
    const from = [{ executor: 'executor', flow: 'inner' }[kind]] // the peer's name in its route
    expect(await given('/keep')).toEqual({ sizes: [6], from, texts })
    expect(await given('/gather')).toEqual({ sizes: [1], from, texts: [all.join(' ')] })
  })

  test('leaves no field of the shards in the answer', async () => {
    const [response] = await direct.post('/gather', docs(), { returnResponses: true })
    expect(response!.shards).toEqual({ total: 3, ok: 3, failed: 0, skipped: 0 })
    expect(response!.docs).toHaveLength(1)
  })
})
