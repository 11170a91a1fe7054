import { fileURLToPath } from 'node:url'
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

  it('of changes has what each of its branches changed', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('first'))
      .add(marked('a'))
      .add(marked('b', { needs: 'first', runtime: 'thread' }))
      .add({ name: 'join', needs: ['a', 'b'], reduce: 'changes' })
      .start()
    const sent = ['first', 'a', 'kept'].map((text) => new Document({ id: text, text, tags: { old: 1 } }))
    const marks = await flow.post('/mark', sent)
    expect(marks.map(({ tags }) => Object.keys(tags).toSorted())).toEqual(
      sent.map(() => ['a', 'b', 'first', 'old']),
    )
    expect((await flow.post('/drop', sent)).texts).toEqual(['kept'])
    expect((await flow.post('/add', sent)).texts).toEqual(['first', 'a', 'kept', 'first', 'a', 'b'])
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

describe('a stage that inspects', () => {
  const inspected = (inspect: FlowOptions['inspect']) =>
    new Flow({ ...quiet, ...(inspect !== undefined && { inspect }) })
      .add(marked('a', { runtime: 'thread' }))
      .inspect(marked('watch', { runtime: 'thread' }))
      .add(marked('b', { runtime: 'thread' }))

  async function seen(inspect: FlowOptions['inspect'], on: string): Promise<object> {
    await using flow = await inspected(inspect).start()
    const docs = ['b', '>'].map((text) => new Document({ id: text, text }))
    const [response] = await flow.post(on, docs, { returnResponses: true })
    return {
      texts: response!.docs.texts,
      tags: [...response!.docs].map(({ tags }) => Object.keys(tags).toSorted().join()),
      results: Object.keys(response!.parameters.__results__ ?? {}).toSorted(),
      routes: response!.routes.map(({ executor }) => executor),
    }
  }

  it('gives its results and what else it changed to the answer, which is that of the last stage', async () => {
    const routes = ['gateway', 'a', 'watch', 'gather_inspect', 'b']
    // `watch` gets the document that `b` drops, and its text
    expect(await seen(undefined, '/drop')).toMatchObject({ texts: ['>'], routes })
    expect(await seen('collect', '/text')).toMatchObject({ texts: ['bab', '>ab'] })
    expect(await seen('collect', '/mark')).toMatchObject({ tags: ['a,b,watch', 'a,b,watch'] })
    expect(await seen('collect', '/result')).toMatchObject({
      results: ['a/rep-0', 'b/rep-0', 'watch/rep-0'],
    })
  })

  it('is in the background with inspect: hang, and not there with inspect: remove', async () => {
    expect(await seen('hang', '/mark')).toMatchObject({
      tags: ['a,b', 'a,b'],
      routes: ['gateway', 'a', 'watch', 'b'],
    })
    expect(await seen('remove', '/result')).toMatchObject({
      results: ['a/rep-0', 'b/rep-0'],
      routes: ['gateway', 'a', 'b'],
    })
  })

  it('is gathered where the Flow says so, and known by name and type', async () => {
    const flow = inspected('collect').gatherInspect().add({ name: 'end' })
    expect(flow.stages).toEqual(['a', 'watch', 'b', 'gather_inspect', 'end'])
    const named = new Flow().add({ name: 'a' }).inspect({ name: 'watch' }).gatherInspect()
    named.add({ needs: ['watch', 'gather_inspect'] })
    // @ts-expect-error -- no such stage
    expect(() => named.add({ needs: 'wach' })).toThrow(/Did you mean 'watch'/)
    expect(new Flow().add({ name: 'a' }).gatherInspect().stages).toEqual(['a'])
  })
})

describe('usesBefore and usesAfter of a join', () => {
  it('are Executors around it, and the first gets the branches', async () => {
    await using flow = await new Flow(quiet)
      .add(marked('a', { runtime: 'thread' }))
      .add(marked('b', { runtime: 'thread', needs: 'gateway' }))
      .add(
        marked('end', {
          runtime: 'thread',
          needs: ['a', 'b'],
          reduce: false,
          usesBefore: {
            jtype: 'Marker',
            with: { mark: '<' },
            py_modules: fileURLToPath(Marker).split('#')[0],
          },
          usesAfter: {
            jtype: 'Marker',
            with: { mark: '>' },
            py_modules: fileURLToPath(Marker).split('#')[0],
          },
        }),
      )
      .start()
    expect((await flow.post('/text', [new Document({ text: '' })])).texts).toEqual(['a<end>', 'b<end>'])
    const [response] = await flow.post('/parts', [new Document({ text: 'x' })], { returnResponses: true })
    expect(response!.parameters.__results__).toMatchObject({
      'end_before/rep-0': { matrix: [['x'], ['x']], map: { a: ['x'], b: ['x'] } },
      'end/rep-0': { matrix: [['x', 'x']] },
    })
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

describe('a stream through branches', () => {
  class Speaker extends Executor {
    @requests('/say')
    *say(docs: Iterable<Document>) {
      for (const { text, tags } of docs)
        for (const word of text.split(' ')) yield new Document({ text: word, tags: { ...tags } })
    }
  }
  class Measure extends Executor {
    @requests('/say')
    measure(docs: Iterable<Document>) {
      for (const doc of docs) doc.tags = { ...doc.tags, length: doc.text.length }
    }
  }

  it('joins document by document, and streams what comes after the join', async () => {
    await using flow = await new Flow({ ...quiet, protocol: ['grpc', 'http'] })
      .add({ name: 'split', uses: Speaker, runtime: 'inline' })
      .add({ name: 'length', uses: Measure, runtime: 'inline' })
      .add({ name: 'join', needs: ['split', 'length'], reduce: 'changes' })
      .add({ name: 'say', uses: Speaker, runtime: 'inline' })
      .add({ name: 'log', uses: Measure, runtime: 'inline', floating: true })
      .start()
    for (const scheme of ['grpc', 'http']) {
      await using client = new Client({ host: `${scheme}://127.0.0.1:${flow.port}` })
      const words: unknown[] = []
      for await (const { text, tags } of client.streamDoc('/say', new Document({ text: 'one three' })))
        words.push([text, tags.length])
      expect(words).toEqual([
        ['one', 3],
        ['three', 5],
      ])
    }
  })

  it('is refused at a floating stage that joins documents of different streams', async () => {
    await using flow = await new Flow(quiet)
      .add({ name: 'say', uses: Speaker, runtime: 'inline' })
      .add({ name: 'audit', needs: ['gateway', 'say'], floating: true })
      .start()
    const read = async (): Promise<void> => {
      for await (const _ of flow.streamDoc('/say', new Document())) expect.unreachable()
    }
    await expect(read()).rejects.toSatisfy(
      (error) => MillraceError.is(error) && /'audit'.*the request and 'say'/.test(error.message),
    )
  })
})
