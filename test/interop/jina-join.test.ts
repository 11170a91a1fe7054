import { fileURLToPath } from 'node:url'
import { Document, Flow } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Servers } from '../support/servers.js'
import { type PythonServer, servePython } from './python.js'

// A join that keeps its branches apart (`reduce: false`, Jina's `no_reduce`) gets a request from each of them: a Millrace Executor
// behind a gateway of Jina, and a Jina Executor behind a gateway of Millrace.

interface Answer {
  readonly docs: readonly string[]
  readonly result: unknown
}

const servers = new Servers()
const executors = fileURLToPath(new URL('jina-join-executor.mjs', import.meta.url))
let jina: PythonServer<{
  readonly ports: Readonly<Record<'left' | 'right' | 'join', number>>
  readonly answer: Answer
}>

beforeAll(async () => {
  const { port } = await servers.start('executor', '--uses', `${executors}#Join`)
  jina = await servePython('jina_join.py', { ours: port })
}, 120_000)

afterAll(async () => {
  await jina?.stop()
  await servers.close()
})

const left = ['xleft', 'left']
const right = ['xright', 'right']
/** What the join sees, whichever side it is on. */
const seen = { docs: [...left, ...right], matrix: [left, right], map: { left, right }, top_k: 3 }

async function joined(on: string): Promise<Answer> {
  const { ports } = jina.ready
  const server = (name: keyof typeof ports) =>
    ({ name, external: true, host: '127.0.0.1', port: ports[name] }) as const
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1' })
    .add({ ...server('left'), needs: 'gateway' })
    .add({ ...server('right'), needs: 'gateway' })
    .add({ ...server('join'), needs: ['left', 'right'], reduce: false })
    .start()
  const [response] = await flow.post(on, [new Document({ id: '1', text: 'x' })], {
    parameters: { top_k: 3 },
    returnResponses: true,
  })
  const [result] = Object.values(response!.parameters['__results__'] as object) as unknown[]
  return { docs: response!.docs.texts, result }
}

test('a Jina gateway sends both branches to an Executor of Millrace', () => {
  const { docs, result } = jina.ready.answer
  // which branch answered first decides their order in Jina
  const { map, top_k } = result as typeof seen
  expect({ map, top_k }).toEqual({ map: seen.map, top_k: 3 })
  expect(docs.toSorted()).toEqual([...seen.docs, 'joined'].toSorted())
})

test('a Jina Executor gets both branches from a Flow', async () => {
  expect(await joined('/parts')).toEqual({ docs: [...seen.docs, 'joined'], result: seen })
})

test('its exception at a join is the error of the request', async () => {
  await expect(joined('/fail')).rejects.toMatchObject({
    code: 'EXECUTOR_FAILED',
    message: expect.stringContaining('not these two') as unknown,
  })
})
