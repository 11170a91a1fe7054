import { Client, Document, Flow, MillraceError } from 'millrace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const uses = new URL('../fixtures/flow-executors.mjs#Upper', import.meta.url)
const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ name: 'upper', uses, replicas: 2 })

/** A Flow's own client reaches the gateway through a MessagePort, other clients through gRPC: both must behave the same. */
const transports = {
  'the client of the Flow': () => flow.client,
  'a client by gRPC': () => new Client({ host: `grpc://127.0.0.1:${flow.port}` }),
}

beforeAll(async () => {
  await flow.start()
})

afterAll(() => flow.close())

const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, index) => new Document({ id: `d${index}`, text: `t${index}` }))

async function refusal(work: Promise<unknown>): Promise<MillraceError> {
  const outcome = await work.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  )
  if (MillraceError.is(outcome)) return outcome
  throw outcome
}

describe.each(Object.entries(transports))('%s', (_name, open) => {
  let client: Client
  beforeAll(() => {
    client = open()
  })
  afterAll(async () => {
    if (client !== flow.client) await client.close()
  })

  it('is ready when every stage is', async () => {
    expect(await client.isReady()).toBe(true)
  })

  it('returns every document once', async () => {
    const results = await client.post('/upper', documents(250), { requestSize: 7 })
    const expected = documents(250).map(({ id, text }) => `${id} ${text.toUpperCase()}`)
    expect([...results].map(({ id, text }) => `${id} ${text}`).sort()).toEqual(expected.sort())
  })

  it('returns answers in the order of the requests when asked to', async () => {
    const sent = documents(40)
    const results = await client.post('/who', sent, { requestSize: 1, resultsInOrder: true })
    expect([...results].map(({ id }) => id)).toEqual(sent.map(({ id }) => id))
  })

  it('reports the error of a handler, and where it was thrown', async () => {
    const error = await refusal(client.post('/fail', documents(1)))
    expect(error).toMatchObject({
      code: 'EXECUTOR_FAILED',
      where: { deployment: 'upper', endpoint: '/fail' },
    })
    expect(error.message).toContain('the wheel is broken')
  })

  it('continues after failed requests when told to', async () => {
    const failed: string[] = []
    const results = await client.post('/fail', documents(3), {
      requestSize: 1,
      onError: ({ status }) => failed.push(status.description),
    })
    expect([failed.length, results.length]).toEqual([3, 0])
  })

  it('fails at its deadline and aborts the handler', async () => {
    const error = await refusal(
      client.post('/wait', documents(1), { parameters: { ms: 60_000 }, timeoutMs: 300 }),
    )
    expect(error.code).toBe('DEADLINE_EXCEEDED')
  })

  it('stops reading a generator at its prefetch, and ends the generator on abort', async () => {
    let pulled = 0
    let returned = false
    function* endless(): Generator<Document> {
      try {
        for (;;) yield new Document({ text: `${pulled++}` })
      } finally {
        returned = true
      }
    }
    const abort = new AbortController()
    const posted = client.post('/wait', endless, {
      requestSize: 1,
      prefetch: 5,
      parameters: { ms: 60_000 },
      signal: abort.signal,
    })
    await expect.poll(() => pulled).toBe(5)
    abort.abort()
    expect((await refusal(posted)).code).toBe('CANCELLED')
    expect([pulled, returned]).toEqual([5, true])
  })

  it('answers a request without inputs, and a call with an empty list', async () => {
    const responses = await client.post('/upper', undefined, { returnResponses: true })
    expect(responses).toHaveLength(1)
    expect((await client.post('/upper', [])).length).toBe(0)
  })

  it('refuses requests that are too large', async () => {
    const text = 'x'.repeat(2_000)
    const small = new Client({ host: `grpc://127.0.0.1:${flow.port}`, maxMessageBytes: 1024 })
    expect((await refusal(small.post('/upper', [new Document({ text })]))).code).toBe('RESOURCE_EXHAUSTED')
    await small.close()
  })
})

it('a Flow whose largest message is small serves many clients at once', async () => {
  const tiny = new Flow({ maxMessageBytes: 1024, host: '127.0.0.1', quiet: true }).add({ name: 'any' })
  await tiny.start()
  const clients = Array.from({ length: 40 }, () => new Client({ host: `grpc://127.0.0.1:${tiny.port}` }))
  try {
    const answers = await Promise.all(clients.map((one) => one.post('/', [new Document({ text: 'a' })])))
    expect(answers.map((docs) => docs.length)).toEqual(clients.map(() => 1))
    const tooLarge = clients[0]!.post('/', [new Document({ text: 'x'.repeat(2000) })])
    expect((await refusal(tooLarge)).code).toBe('RESOURCE_EXHAUSTED')
  } finally {
    for (const one of clients) await one.close()
    await tiny.close()
  }
})
