import { createServer } from 'node:net'
import { Document, Flow, MillraceError } from 'millrace'
import { describe, expect, it } from 'vitest'

const module = new URL('../fixtures/flow-executors.mjs', import.meta.url)
const named = (name: string): URL => new URL(`#${name}`, module)
const runtimes = ['process', 'thread', 'inline'] as const

async function refusal(work: () => Promise<unknown>): Promise<MillraceError> {
  const outcome = await work().then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  )
  if (MillraceError.is(outcome)) return outcome
  throw outcome
}

describe.each(runtimes)('a Flow with a %s stage', (runtime) => {
  it('sends documents through its stages in order and returns the results', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' })
      .add({ name: 'entry' })
      .add({ name: 'upper', uses: named('Upper'), runtime })
      .add({ name: 'greeter', uses: named('Greeter'), usesWith: { greeting: 'HELLO' }, runtime })
    await using running = await flow.start()
    const results = await running.post('/upper', [
      new Document({ text: 'anna' }),
      new Document({ text: 'bo' }),
    ])
    expect(results.texts).toEqual(['HELLO ANNA', 'HELLO BO'])
  })

  it('answers an exception of the executor with its message and keeps serving', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      name: 'upper',
      uses: named('Upper'),
      runtime,
    })
    await using running = await flow.start()
    const error = await refusal(() => running.post('/fail', [new Document({ text: 'a' })]))
    expect(error).toMatchObject({ code: 'EXECUTOR_FAILED', where: { deployment: 'upper' } })
    expect(error.message).toContain('the wheel is broken')
    expect((await running.post('/upper', [new Document({ text: 'a' })])).texts).toEqual(['A'])
  })

  it('names stage, reason and last output when a constructor throws, and can be started again', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' })
      .add({ name: 'upper', uses: named('Upper'), runtime })
      .add({ name: 'broken', uses: named('Broken'), runtime })
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await refusal(() => flow.start())
      expect(error.code).toBe('START_FAILED')
      expect(error.message).toMatch(/broken.*no model in the folder/s)
      if (runtime !== 'inline') expect(error.output.join('\n')).toContain('about to fail')
    }
  })

  it('lists the executors of a module when the requested one does not exist', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      name: 'upper',
      uses: named('Uper'),
      runtime,
    })
    const error = await refusal(() => flow.start())
    expect(error.code).toBe('START_FAILED')
    expect(error.message).toMatch(/upper.*'Uper'.*Upper/s)
  })
})

describe.each(['process', 'thread'] as const)('%s pods', (runtime) => {
  it('share the requests of a stage', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      name: 'upper',
      uses: named('Upper'),
      runtime,
      replicas: 2,
    })
    await using running = await flow.start()
    const documents = Array.from({ length: 60 }, () => new Document({ text: 'x' }))
    const results = await running.post('/who', documents, { requestSize: 1 })
    expect(new Set(results.texts.map((text) => text.split(' ')[0]))).toEqual(
      new Set(['upper/rep-0', 'upper/rep-1']),
    )
  })

  it('that are not ready in time are stopped, and the error says which limit to raise', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1', timeoutReadyMs: 1000 }).add({
      name: 'endless',
      uses: named('Endless'),
      runtime,
    })
    const error = await refusal(() => flow.start())
    expect(error.code).toBe('START_TIMEOUT')
    expect(error.message).toMatch(/endless.*timeoutReadyMs/s)
  })

  it('can be added and removed during requests, and none is lost', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      name: 'upper',
      uses: named('Upper'),
      runtime,
    })
    await using running = await flow.start()
    const documents = Array.from({ length: 120 }, (_, index) => new Document({ id: `d${index}`, text: 'x' }))
    const posted = running.post('/wait', documents, { requestSize: 1, prefetch: 8, parameters: { ms: 10 } })
    expect(await running.scale('upper', { replicas: 3 })).toMatchObject({ from: 1, to: 3 })
    expect(running.replicas('upper')).toBe(3)
    expect(await running.scale('upper', { replicas: 1 })).toMatchObject({ from: 3, to: 1 })
    const ids = [...(await posted)].map((document) => document.id)
    expect(ids.sort()).toEqual(documents.map((document) => document.id).sort())
  })
})

describe('a Flow refuses', () => {
  const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({ name: 'entry' })

  it('post before it is started', async () => {
    expect(await refusal(() => flow.post('/'))).toMatchObject({ code: 'NOT_STARTED' })
  })

  it('to start without stages', async () => {
    expect(await refusal(() => new Flow().start())).toMatchObject({ code: 'INVALID_OPTION' })
  })

  it('to start twice', async () => {
    await using running = await flow.start()
    expect(await refusal(() => running.start())).toMatchObject({ code: 'ALREADY_STARTED' })
  })

  it('to scale a stage that does not exist, naming the nearest', async () => {
    const error = await refusal(() => flow.scale('entri' as 'entry', { replicas: 2 }))
    expect(error).toMatchObject({ code: 'NOT_FOUND' })
    expect(error.message).toContain("'entry'")
  })

  it('a port that is taken, naming it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const error = await refusal(() => new Flow({ quiet: true, host: '127.0.0.1', port }).add({}).start())
    expect(error).toMatchObject({ code: 'PORT_IN_USE' })
    expect(error.message).toContain(String(port))
    server.close()
  })
})

describe('scale', () => {
  it('changes the plan of a Flow that is not running', async () => {
    const flow = new Flow({ quiet: true }).add({ name: 'upper', uses: named('Upper') })
    expect(await flow.scale('upper', { replicas: 4 })).toEqual({ from: 1, to: 4, seconds: 0 })
    expect(flow.replicas('upper')).toBe(4)
  })

  it('leaves the running replicas unchanged when a new one does not start', async () => {
    const flow = new Flow({ quiet: true, host: '127.0.0.1' }).add({
      name: 'upper',
      uses: new URL('#StartsOnce', new URL('../fixtures/starts-once.mjs', import.meta.url)),
    })
    await using running = await flow.start()
    const error = await refusal(() => running.scale('upper', { replicas: 2 }))
    expect(error).toMatchObject({ code: 'START_FAILED' })
    expect(running.replicas('upper')).toBe(1)
    expect((await running.post('/', [new Document({ text: 'still here' })])).texts).toEqual(['still here'])
  })
})
