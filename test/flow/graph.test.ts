import { Client, Document, Executor, Flow, type FlowOptions, MillraceError, requests } from 'millrace'
import { describe, expect, it, vi } from 'vitest'

const Marker = new URL('../fixtures/graph-executors.mjs#Marker', import.meta.url)
const quiet: FlowOptions = { quiet: true, host: '127.0.0.1' }
const marked = (mark: string, more = {}) => ({ name: mark, uses: Marker, usesWith: { mark }, ...more })

describe.each(['process', 'thread', 'inline'] as const)('a Flow of %s stages with branches', (runtime) => {
  it('runs them, joins their documents, and answers with what the last stage made of them', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('a', { runtime }))
      .add(marked('b', { runtime, needs: 'gateway' }))
      .add(marked('end', { runtime, needs: ['b', 'a'] }))
      .start()
    const texts = await flow.post('/text', [new Document({ id: '1', text: '>' })])
    expect(texts.texts).toEqual(['>bend'])
    const [response] = await flow.post('/add', [new Document({ id: '1' })], { returnResponses: true })
    expect([...response!.docs].map(({ id }) => id)).toEqual(['1', 'new-b', 'new-a', 'new-end'])
    expect(response!.routes.map(({ executor }) => executor)).toEqual(['gateway', 'a', 'end', 'b'])
  })
})

describe('a Flow with a join', () => {
  it('behind shards and replicas finds the documents of all of them', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('a', { runtime: 'thread', shards: 2, replicas: 2, polling: 'ALL' }))
      .add(marked('b', { runtime: 'thread', needs: 'gateway', shards: 2, usesAfter: Marker, polling: 'ALL' }))
      .add({ name: 'join', needs: ['a', 'b'] })
      .add(marked('last', { runtime: 'thread', replicas: 2 }))
      .start()
    expect(flow.stages).toEqual(['a', 'b', 'b_after', 'join', 'last'])
    const docs = await flow.post('/match', [new Document({ id: '1' })])
    const [{ matches }] = [...docs] as [Document]
    expect([...matches].map(({ id, text }) => [id, text])).toEqual([
      ['both', 'a'],
      ['of-a', ''],
      ['of-b', ''],
      ['of-', ''],
      ['both', 'last'],
      ['of-last', ''],
    ])
  })

  it('without reduce gets the answers of its branches one by one', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('a'))
      .add(marked('b', { needs: 'gateway' }))
      .add(marked('end', { needs: ['a', 'b'], reduce: false }))
      .start()
    await flow.post('/text', [new Document({ text: '>' })])
    const [response] = await flow.post('/parts', [new Document({ text: '>' })], {
      returnResponses: true,
      targetExecutor: 'end',
    })
    const results = response!.parameters.__results__ as Record<string, object>
    expect(results['end/rep-0']).toEqual({
      mark: 'end',
      matrix: [['>'], ['>']],
      map: { a: ['>'], b: ['>'] },
      docs: ['>', '>'],
    })
  })

  it('of all ends needs them by name', () => {
    const flow = new Flow()
      .add({ name: 'a' })
      .add({ name: 'b', needs: 'gateway' })
      .add({ name: 'log', needs: 'a', floating: true })
      .needsAll()
      .add({ needs: 'joiner' })
    expect(flow.stages).toEqual(['a', 'b', 'log', 'joiner', 'executor4'])
    expect(() => new Flow().needsAll()).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('knows the names of its stages by type', () => {
    const flow = new Flow().add({ name: 'text' }).add({ name: 'image', needs: 'gateway' })
    flow.add({ name: 'join', needs: ['text', 'image'] })
    // @ts-expect-error -- no such stage
    expect(() => flow.add({ needs: ['txet', 'image'] })).toThrow(/Did you mean 'text'/)
    // @ts-expect-error -- a stage that is added later
    expect(() => new Flow().add({ needs: 'later' }).add({ name: 'later' })).toThrow(/'later'/)
  })
})

describe('a branch that fails', () => {
  it('is the answer of the request, and ends what the other branches do for it', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('a'))
      .add(marked('b', { needs: 'gateway' }))
      .needsAll()
      .start()
    const post = flow.post('/fail', [new Document()], { parameters: { who: 'b' } })
    await expect(post).rejects.toMatchObject({
      code: 'EXECUTOR_FAILED',
      message: expect.stringContaining('b fails') as string,
    })
    const late = flow.post('/wait', [new Document()], { parameters: { ms: 60_000 }, timeoutMs: 300 })
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await expect
      .poll(async () =>
        (await flow.status()).stages.flatMap(({ pods }) => pods.map(({ inFlight }) => inFlight)),
      )
      .toEqual([0, 0])
  })
})

describe('a floating stage', () => {
  const seen: string[] = []

  class Slow extends Executor {
    @requests('/log')
    async log(docs: Iterable<Document>) {
      await released
      for (const { text } of docs) seen.push(text)
      if (text(docs) === 'bad') throw new Error('cannot log')
    }
  }
  const text = (docs: Iterable<Document>): string | undefined => [...docs][0]?.text
  let release = (): void => {}
  const released = new Promise<void>((resolve) => (release = resolve))

  it('answers nobody waits for is done when the Flow has closed, and its failures are logged', async () => {
    const written: string[] = []
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      written.push(String(line))
      return true
    })
    try {
      const flow = await new Flow({ ...quiet, name: 'floats' })
        .add({ name: 'entry' })
        .add({ name: 'log', uses: Slow, runtime: 'inline', floating: true })
        .start()
      for (const one of ['1', '2', 'bad']) expect((await flow.post('/log', [one])).texts).toEqual([one])
      expect(seen).toEqual([])
      expect((await flow.status()).stages[1]).toMatchObject({
        needs: ['entry'],
        backgroundRunning: 3,
        backgroundFailed: 0,
      })
      const closed = flow.close()
      release()
      await closed
      expect(seen.toSorted()).toEqual(['1', '2', 'bad'])
      await expect
        .poll(() => written.join(''))
        .toMatch(/log: a request that no answer waits for failed\. .*cannot log/)
    } finally {
      stderr.mockRestore()
    }
  })
})

it('an end that no stage needs is told when the Flow starts', async () => {
  const written: string[] = []
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    written.push(String(line))
    return true
  })
  try {
    await using _ = await new Flow(quiet).add({ name: 'a' }).add({ name: 'b', needs: 'gateway' }).start()
  } finally {
    stderr.mockRestore()
  }
  expect(written.join('')).toMatch(/stage 'a' is an end that no stage needs/)
})

it('streams are refused at a join, by its name', async () => {
  await using flow = await new Flow(quiet)
    .add({ name: 'a' })
    .add({ name: 'b', needs: 'gateway' })
    .needsAll({ name: 'join' })
    .start()
  const client = new Client({ host: `grpc://127.0.0.1:${flow.port}` })
  const read = async (): Promise<void> => {
    for await (const _ of client.streamDoc('/x', new Document())) expect.unreachable()
  }
  await expect(read()).rejects.toSatisfy(
    (error) => MillraceError.is(error) && /'join' joins/.test(error.message),
  )
  await client.close()
})
