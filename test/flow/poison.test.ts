import { Flow, type FlowOptions, type FlowStatus, MillraceError } from 'millrace'
import { describe, expect, it } from 'vitest'

const mortal = new URL('../fixtures/poison-executors.mjs#Mortal', import.meta.url)
const quiet: FlowOptions = { quiet: true, host: '127.0.0.1', env: { MILLRACE_LOG_LEVEL: 'silent' } }

async function failureOf(answer: Promise<unknown>): Promise<MillraceError> {
  const error: unknown = await answer.then(
    () => new Error('it was answered'),
    (failure: unknown) => failure,
  )
  if (MillraceError.is(error)) return error
  throw error
}

async function restartsOf(flow: { status(): Promise<FlowStatus> }): Promise<number> {
  const { stages } = await flow.status()
  return stages[0]!.pods.reduce((sum, { restarts }) => sum + restarts, 0)
}

describe('a read that ends its replica', () => {
  it.each([
    ['exit', 'process', /rep-\d exited with code 7\. .*rep-\d exited with code 7\./],
    ['abort', 'process', /rep-\d was killed by SIGABRT/],
    ['reject', 'process', /rep-\d exited with code 1/],
    ['exit', 'thread', /rep-\d exited with code 7/],
    ['leak', 'process', /rep-\d ran out of memory/],
  ] as const)('by %s in a %s is refused after two', async (text, runtime, how) => {
    const env = { NODE_OPTIONS: '--max-old-space-size=60' }
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: mortal, runtime, replicas: 5, env })
      .start()
    const error = await failureOf(flow.post('/upper', [{ text }]))
    expect(error).toMatchObject({ code: 'POISON_REQUEST', retryable: false })
    expect(error.message).toMatch(how)
    expect(error.message).not.toContain('ECONNRESET')
    await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(5)
    expect(await restartsOf(flow)).toBe(2)
  })

  it('by blocking it is refused after two, with what was the matter', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: mortal, replicas: 3, liveness: { timeoutMs: 100, busyMs: 500 } })
      .start()
    const error = await failureOf(flow.post('/upper', [{ text: 'block' }]))
    expect(error.code).toBe('POISON_REQUEST')
    expect(error.message).toMatch(/rep-\d was busy for longer than liveness\.busyMs \(500\) and was killed/)
    await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(3)
    expect(await restartsOf(flow)).toBe(2)
  })

  it('may lose as many as maxLostReplicas says', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: mortal, replicas: 4, maxLostReplicas: 1 })
      .start()
    expect((await failureOf(flow.post('/upper', [{ text: 'exit' }]))).code).toBe('POISON_REQUEST')
    await expect.poll(() => restartsOf(flow)).toBe(1)
  })

  it('is refused as a stream, too', async () => {
    await using flow = await new Flow(quiet).add({ name: 'upper', uses: mortal, replicas: 4 }).start()
    const reading = async (): Promise<void> => {
      for await (const _ of flow.client.streamDoc('/words', { text: 'exit' }));
    }
    expect((await failureOf(reading())).code).toBe('POISON_REQUEST')
    await expect.poll(() => restartsOf(flow)).toBe(2)
  })

  it('takes no other request along but those that were beside it, which are answered', async () => {
    await using flow = await new Flow(quiet).add({ name: 'upper', uses: mortal, replicas: 5 }).start()
    const innocent = Array.from({ length: 60 }, (_, index) =>
      flow.post('/upper', [{ text: `text ${index}` }], { parameters: { ms: 30 } }),
    )
    const poison = Array.from({ length: 3 }, () => failureOf(flow.post('/upper', [{ text: 'exit' }])))
    const answers = await Promise.all(innocent)
    expect(answers.map(({ texts }) => texts[0])).toEqual(innocent.map((_, index) => `TEXT ${index}`))
    for (const { code } of await Promise.all(poison)) expect(code).toBe('POISON_REQUEST')
  })

  it('costs one restart of the budget, however many replicas it ends', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'upper', uses: mortal, replicas: 2, restarts: { max: 3, windowMs: 600_000 } })
      .start()
    for (let poison = 0; poison < 3; poison++) {
      expect((await failureOf(flow.post('/upper', [{ text: 'exit' }]))).code).toBe('POISON_REQUEST')
      await expect.poll(async () => (await flow.status()).stages[0]!.ready).toBe(2)
    }
    expect(await restartsOf(flow)).toBe(6)
    expect((await flow.status()).stages[0]!.degraded).toBe(null)
  })
})

it('a write that ends its replica says how the replica ended, and is not sent again', async () => {
  await using flow = await new Flow(quiet).add({ name: 'upper', uses: mortal, replicas: 2 }).start()
  const error = await failureOf(flow.post('/put', [{ text: 'exit' }]))
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false })
  expect(error.message).toMatch(/upper\/rep-\d exited with code 7/)
  expect(error.message).not.toContain('ECONNRESET')
  await expect.poll(() => restartsOf(flow)).toBe(1)
})
