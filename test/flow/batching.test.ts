import path from 'node:path'
import { Client, Document, Executor, Flow, type StageOptions } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { Servers } from '../support/servers.js'

const fixture = path.resolve(import.meta.dirname, '../fixtures/flow-executors.mjs')
const servers = new Servers()
afterAll(() => servers.close())

const flowOf = (stage: StageOptions) =>
  new Flow({ host: '127.0.0.1', quiet: true }).add({ name: 'exec', ...stage })

/** Sends requests of one to three documents at the same time. Returns the sizes of the batches that their documents ran in. */
async function send(client: Pick<Client, 'post'>, on: string, count: number): Promise<number[]> {
  const sizes: number[] = []
  await Promise.all(
    Array.from({ length: count }, async (_, sender) => {
      const texts = Array.from({ length: 1 + (sender % 3) }, (_, index) => `${sender}-${index}`)
      const docs = texts.map((text) => new Document({ text }))
      const answer = await client.post(on, docs, { parameters: { k: sender % 2 } })
      expect(answer.texts).toEqual(texts.map((text) => `${text}!`))
      for (const { tags } of answer) {
        expect(tags.k).toBe(sender % 2)
        sizes.push(Number(tags.documents))
      }
    }),
  )
  return sizes
}

describe.each(['process', 'thread', 'inline'] as const)('in a %s', (runtime) => {
  test('requests of several clients are joined, and each gets its own documents', async () => {
    await using flow = await flowOf({ uses: `${fixture}#Batched`, runtime }).start()
    await using other = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
    const sizes = (await Promise.all([send(flow, '/batched', 60), send(other, '/batched', 60)])).flat()
    // 120 documents with each of two parameters
    expect(sizes).toEqual(Array.from({ length: 240 }, () => 8))
    const flushed = (await Promise.all([send(flow, '/flushed', 60), send(other, '/flushed', 60)])).flat()
    expect(flushed).toHaveLength(240)
    expect(Math.max(...flushed)).toBeLessThanOrEqual(8)
  })
})

test('a replica that waits for a full batch gets enough requests to fill it', async () => {
  await using flow = await flowOf({ uses: `${fixture}#Batched` }).start()
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => flow.post('/batched', [{ text: `${n}` }])),
  )
  expect(answers.map(({ texts }) => texts)).toEqual(Array.from({ length: 8 }, (_, n) => [`${n}!`]))
  expect(answers[0]!.at(0)!.tags.documents).toBe(8)
})

test('requests of all protocols, and of the own client of the Flow, share a batch', async () => {
  const options = { host: '127.0.0.1', quiet: true, protocol: ['grpc', 'http', 'websocket'] } as const
  await using flow = await new Flow(options).add({ name: 'exec', uses: `${fixture}#Batched` }).start()
  const clients = ['grpc', 'http', 'ws'].map(
    (scheme) => new Client({ host: `${scheme}://127.0.0.1:${flow.port}` }),
  )
  // a batch of 8, which would otherwise wait for a minute
  const answers = await Promise.all(
    [flow, ...clients].flatMap((sender, of) =>
      [0, 1].map((n) => sender.post('/batched', [{ text: `${of}-${n}` }], { parameters: { k: 1 } })),
    ),
  )
  await Promise.all(clients.map((client) => client.close()))
  const expected = [0, 1, 2, 3].flatMap((of) => [[`${of}-0!`], [`${of}-1!`]])
  expect(answers.map(({ texts }) => texts)).toEqual(expected)
  expect(answers.map((docs) => docs.at(0)!.tags.documents)).toEqual(Array.from({ length: 8 }, () => 8))
})

test('requests that wait for a batch count as in flight', async () => {
  await using flow = await flowOf({ uses: `${fixture}#Batched` }).start()
  const waiting = Array.from({ length: 3 }, () => flow.post('/batched', [{ text: 'a' }]))
  const inFlight = async () => (await flow.status()).stages[0]!.pods[0]!.inFlight
  await expect.poll(inFlight, { timeout: 30_000 }).toBe(3)
  await Promise.all([...waiting, ...Array.from({ length: 5 }, () => flow.post('/batched', [{ text: 'b' }]))])
  expect(await inFlight()).toBe(0)
})

test('a Flow that closes does not wait for batches to fill', async () => {
  const flow = await flowOf({ uses: `${fixture}#Batched` }).start()
  const waiting = Array.from({ length: 3 }, () => flow.post('/batched', [{ text: 'a' }]))
  const inFlight = async () => (await flow.status()).stages[0]!.pods[0]!.inFlight
  await expect.poll(inFlight, { timeout: 30_000 }).toBe(3)
  const closed = flow.close()
  expect((await Promise.all(waiting)).map(({ texts }) => texts)).toEqual([['a!'], ['a!'], ['a!']])
  await closed
})

test('a stage can set batching, also for a method, and turn it off', async () => {
  const dynamicBatching = {
    '/alone': { size: 4, idle: 'wait', timeoutMs: 60_000 },
    '/batched': false,
  } as const
  await using flow = await flowOf({ uses: `${fixture}#Batched`, dynamicBatching }).start()
  const all = async (on: string) => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => flow.post(on, [{ text: 'a' }])))
    return Math.max(...answers.map((docs) => Number(docs.at(0)!.tags.documents)))
  }
  expect(await all('/alone')).toBe(4)
  expect(await all('/batched')).toBe(1)
})

test('millrace executor batches as its options say', async () => {
  const { port } = await servers.start(
    'executor',
    ...['--uses', `${fixture}#Batched`, '--uses-dynamic-batching', '{"/batched":{"size":5}}'],
  )
  await using client = new Client({ host: `grpc://127.0.0.1:${port}` })
  const sizes = await send(client, '/batched', 60)
  expect(new Set(sizes)).toEqual(new Set([5]))
})

const batchesOf = async (flow: Pick<Flow, 'status'>, endpoint: string) => {
  const { stages } = await flow.status()
  return stages[0]!.pods[0]!.batches?.find((each) => each.endpoint === endpoint)
}
const countOf = ({ counts }: { readonly counts: readonly number[] }): number =>
  counts.reduce((sum, count) => sum + count, 0)

test.each(['process', 'thread', 'inline'] as const)(
  'the status has the sizes of batches and the waits of requests, in a %s',
  async (runtime) => {
    await using flow = await flowOf({ uses: `${fixture}#Batched`, runtime }).start()
    await send(flow, '/batched', 120)
    const measured = expect.poll(() => batchesOf(flow, '/batched'), { timeout: 30_000 })
    // 120 documents with each of two parameters, in full batches
    await measured.toMatchObject({ endpoint: '/batched', size: 8, documents: { sum: 240 } })
    const { documents, waitMs } = (await batchesOf(flow, '/batched'))!
    expect(documents.bounds).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])
    expect(documents.counts[3]).toBe(30)
    expect(countOf(documents)).toBe(30)
    expect(countOf(waitMs)).toBe(120)
    expect(await batchesOf(flow, '/flushed')).toMatchObject({ documents: { sum: 0 } })
  },
)

test('adaptive grows the size while batches are in time, also from YAML, and never beyond size', async () => {
  const yaml = `
jtype: Flow
with: { host: 127.0.0.1, quiet: true }
executors:
  - name: exec
    uses: '${fixture}#Batched'
    uses_dynamic_batching:
      /flushed: { size: 32, adaptive: { target_ms: 60000 } }
    allow_concurrent: true
`
  const loaded = await Flow.loadConfig(yaml)
  expect(await loaded.toYaml()).toMatch(
    /allow_concurrent: true[^]*adaptive|adaptive[^]*allow_concurrent: true/,
  )
  await using flow = await loaded.start()
  const largest = async () => Math.max(...(await send(flow, '/flushed', 200)))
  await expect.poll(largest, { timeout: 30_000 }).toBe(32)
  await expect.poll(async () => (await batchesOf(flow, '/flushed'))?.size, { timeout: 30_000 }).toBe(32)
})

class Known extends Executor {
  static override module: string = import.meta.url
  static override requests = { '/encode': 'encode', '/each': 'each' }
  encode() {}
  *each() {}
}

describe('refused when the Flow is built', () => {
  test.each<[string, StageOptions, string, RegExp]>([
    [
      'an unknown endpoint',
      { uses: Known, dynamicBatching: { '/encod': {} } },
      'INVALID_OPTION',
      /stage 'exec': dynamicBatching: Known has no endpoint '\/encod'; did you mean '\/encode'\?/,
    ],
    [
      'an unknown option',
      { uses: Known, dynamicBatching: { '/encode': { sise: 3 } as object } },
      'UNKNOWN_OPTION',
      /stage 'exec': dynamicBatching\['\/encode'\]: there is no option 'sise'; did you mean 'size'\?/,
    ],
    [
      'a size of 0',
      { uses: Known, dynamicBatching: { '/encode': { size: 0 } } },
      'INVALID_OPTION',
      /size must be a whole number from 1/,
    ],
    [
      'a generator',
      { uses: Known, dynamicBatching: { '/each': {} } },
      'INVALID_OPTION',
      /each is a generator/,
    ],
    [
      'adaptive without a target',
      { uses: Known, dynamicBatching: { '/encode': { adaptive: {} as { targetMs: number } } } },
      'INVALID_OPTION',
      /adaptive must be \{ targetMs \} with a whole number from 1 to 3600000, or false, not \{\}/,
    ],
    [
      'adaptive that waits',
      { uses: Known, dynamicBatching: { '/encode': { adaptive: { targetMs: 50 }, idle: 'wait' } } },
      'INVALID_OPTION',
      /Known '\/encode': adaptive needs idle 'flush', not 'wait'/,
    ],
    ['a stage without Executor', { dynamicBatching: { '/x': {} } }, 'INVALID_OPTION', /has no Executor/],
    [
      'an external stage',
      { external: true, host: 'h', port: 1, dynamicBatching: { '/x': {} } },
      'INVALID_OPTION',
      /dynamicBatching is not for an external stage/,
    ],
  ])('%s', (_, stage, code, message) => {
    expect(() => flowOf(stage)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    )
  })
})
