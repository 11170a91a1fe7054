import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DocumentArray } from '../document/index.js'
import { Document } from '../document/index.js'
import type { HandlerContext } from '../executor/context.js'
import { Executor, type ExecutorClass } from '../executor/executor.js'
import { callOf, Items } from '../call/call.suite.js'
import { loggerOf, requestOf, sent } from '../executor/fixtures.suite.js'
import { requests } from '../executor/requests.js'
import { holderOf, temporaryFolder } from '../workspace/fixtures.suite.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import type { ExecutorSpec } from './spec.js'
import type { Worker } from './worker.js'
import { startWorker } from './worker-start.js'

const spec: ExecutorSpec = {
  module: null,
  className: null,
  usesWith: {},
  usesMetas: {},
  usesRequests: {},
  workspace: null,
  holder: null,
  maxConcurrency: null,
  capacity: 1000,
  exitOnExceptions: [],
  podName: 'exec/rep-1',
  deployment: 'exec',
  flow: null,
  replica: 1,
  replicas: 2,
  shardId: 0,
  shards: 1,
}

async function start(
  executorClass: ExecutorClass,
  options: Partial<ExecutorSpec> = {},
): Promise<{ worker: Worker; logged: string[] }> {
  const logged: string[] = []
  const worker = await startWorker({ ...spec, ...options }, { executorClass, logger: loggerOf(logged) })
  return { worker, logged }
}

class Shout extends Executor {
  @requests('/shout')
  shout(docs: DocumentArray) {
    for (const doc of docs) doc.text += '!'
  }
  @requests('/fail')
  fail() {
    throw new Error('always')
  }
  @requests({ on: '/write', write: true })
  write() {}
  @requests('/generate')
  *generate(docs: DocumentArray) {
    for (const doc of docs) yield* [doc, new Document({ text: 'more' })]
  }
}

test('a request is answered by the method of its endpoint', async () => {
  const { worker } = await start(Shout)
  const request = requestOf('/shout')
  const answer = sent(await worker.handle(request, callOf()))
  expect([...answer.docs].map(({ text }) => text)).toEqual(['a!', 'b!'])
  expect(answer.requestId).toBe(request.requestId)
  expect(answer.routes).toMatchObject([{ executor: 'exec' }])
  expect(worker.inFlight).toBe(0)
})

test('an unknown endpoint and the dry run come back unchanged, documents byte for byte', async () => {
  const { worker } = await start(Shout)
  for (const endpoint of ['/unknown', '', '_jina_dry_run_']) {
    const request = requestOf(endpoint)
    const answer = await worker.handle(request, callOf())
    expect(answer.data).toBe(request.data)
    expect(answer.status).toBeUndefined()
    expect(answer.routes).toMatchObject([{ executor: 'exec' }])
  }
})

test('/default serves all endpoints without a handler, but not the dry run', async () => {
  const seen: string[] = []
  class All extends Executor {
    @requests
    all(_docs: DocumentArray, { endpoint }: HandlerContext) {
      seen.push(endpoint)
    }
    @requests('/own')
    own() {}
  }
  const { worker } = await start(All)
  for (const endpoint of ['/a', '/own', '', '_jina_dry_run_'])
    await worker.handle(requestOf(endpoint), callOf())
  expect(seen).toEqual(['/a', ''])
})

test('the base class passes everything through and says that it serves all', async () => {
  const worker = await startWorker(spec)
  const request = requestOf('/anything')
  expect((await worker.handle(request, callOf())).data).toBe(request.data)
  expect(worker.describe().endpoints).toEqual(['_jina_dry_run_', '/default'])
  const streamed = new Items()
  await worker.handle(requestOf('/anything', { texts: ['x'] }), callOf({ items: streamed }))
  expect(streamed.texts).toEqual(['x'])
})

test('an error is an answer, and the replica continues', async () => {
  const { worker, logged } = await start(Shout)
  for (let n = 0; n < 3; n++) {
    const answer = await worker.handle(requestOf('/fail'), callOf())
    expect(answer.status).toMatchObject({ code: 'ERROR', exception: { executor: 'Shout' } })
  }
  expect(logged).toHaveLength(3)
  expect((await worker.handle(requestOf('/shout'), callOf())).status).toBeUndefined()
})

class LicenceError extends Error {}

test.each([
  ['its name', ['RangeError'], '/range'],
  ['its class', ['TypeError', 'LicenceError'], '/licence'],
])(
  'an error of exitOnExceptions, known by %s, is answered first, then the replica gives up',
  async (_by, exitOnExceptions, endpoint) => {
    class Picky extends Executor {
      @requests('/range')
      range() {
        throw new RangeError('too far')
      }
      @requests('/licence')
      async licence() {
        throw new LicenceError('expired')
      }
    }
    const { worker, logged } = await start(Picky, { exitOnExceptions })
    const answer = await worker.handle(requestOf(endpoint), callOf())
    expect(answer.status?.code).toBe('ERROR')
    expect(await worker.gaveUp).toBe(exitOnExceptions.at(-1))
    expect(logged.at(-1)).toBe(`error: ended because of ${exitOnExceptions.at(-1)} (exitOnExceptions)`)
  },
)

test('other errors do not make a replica give up', async () => {
  const { worker } = await start(Shout, { exitOnExceptions: ['RangeError'] })
  let over = false
  void worker.gaveUp.then(() => {
    over = true
  })
  await worker.handle(requestOf('/fail'), callOf())
  await worker.handle(requestOf('/fail'), callOf({ items: new Items() }))
  expect(over).toBe(false)
})

test('a request whose header cannot be read is rejected, not thrown', async () => {
  const { worker } = await start(Shout)
  const header = [0x0a, 0x02, 0x0a, 0x7f] // a request id that is longer than the header
  const broken = DataRequest.decode(Uint8Array.from(header))
  await expect(worker.handle(broken, callOf())).rejects.toMatchObject({ code: 'MALFORMED' })
})

test('usesWith, usesMetas and usesRequests reach the executor', async () => {
  let seen: unknown
  class Configured extends Executor {
    constructor(options: { size: number }) {
      super(options)
      seen = [options, this.metas, this.runtimeArgs, [...this.requests.keys()]]
    }
    plain() {
      return { called: true }
    }
  }
  const { worker } = await start(Configured, {
    usesWith: { size: 3 },
    usesMetas: { name: 'other', extra: 1 },
    usesRequests: { '/x': 'plain' },
    workspace: '/ws',
  })
  expect(seen).toEqual([
    { size: 3 },
    { name: 'other', extra: 1, description: '', workspace: '' },
    {
      name: 'exec/rep-1',
      deployment: 'exec',
      replica: 1,
      replicas: 2,
      shardId: 0,
      shards: 1,
      workspace: '/ws',
    },
    ['/x'],
  ])
  const answer = await worker.handle(requestOf('/x'), callOf())
  expect(answer.parameters.__results__).toEqual({ 'exec/rep-1': { called: true } })
})

test('a constructor that throws fails the start with its own message and stack', async () => {
  class Broken extends Executor {
    constructor() {
      super()
      throw new TypeError('no such model')
    }
  }
  const error = await start(Broken).catch((thrown: unknown) => thrown as Error)
  expect(error).toMatchObject({ code: 'START_FAILED' })
  expect((error as Error).message).toContain('Broken threw TypeError: no such model')
  expect((error as Error).stack).toContain('worker.test.ts')
})

test.each([
  ['data of another number of shards', { shards: 2 }, /holds data of 3 shards, and this stage has 2 shards/],
  ["another Flow's workspace", { holder: holderOf }, /is the workspace of Flow 'search'/],
])('a constructor that reads %s fails the start with the matching code', async (_what, other, text) => {
  class Stored extends Executor {
    readonly folder = this.workspace
  }
  const given = { workspace: temporaryFolder(), shardId: 1, shards: 3 }
  await start(Stored, { ...given, holder: holderOf() })
  const holder = 'holder' in other ? other.holder() : null
  const error = await start(Stored, { ...given, ...other, holder }).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'WORKSPACE_CONFLICT', message: expect.stringMatching(text) as string })
})

test('shards of one stage have a workspace each, in any order of their starts', async () => {
  const folders: string[] = []
  class Stored extends Executor {
    constructor() {
      super()
      folders.push(this.workspace)
    }
  }
  const given = { workspace: temporaryFolder(), shards: 3, holder: holderOf() }
  for (const shardId of [2, 0, 1, 1]) await start(Stored, { ...given, shardId })
  expect(folders).toEqual([2, 0, 1, 1].map((shard) => join(given.workspace, 'Stored', `${shard}`)))
})

test('a class that cannot be served is refused before it is constructed', async () => {
  let constructed = false
  class Typo extends Executor {
    static override requests = { '/x': 'missing' }
    constructor() {
      super()
      constructed = true
    }
  }
  await expect(start(Typo)).rejects.toMatchObject({ code: 'INVALID_EXECUTOR' })
  expect(constructed).toBe(false)
})

test('handlers that wait interleave, and with maxConcurrency only that many', async () => {
  let running = 0
  let most = 0
  let gate = deferred()
  let full = deferred()
  let expected = 0
  class Waiting extends Executor {
    @requests
    async wait() {
      most = Math.max(most, ++running)
      if (running === expected) full.resolve()
      await gate.promise
      running--
    }
  }
  for (const [maxConcurrency, atOnce] of [
    [null, 5],
    [2, 2],
    [1, 1],
  ] as const) {
    most = 0
    expected = atOnce
    gate = deferred()
    full = deferred()
    const { worker } = await start(Waiting, { maxConcurrency })
    const answers = Array.from({ length: 5 }, () => worker.handle(requestOf('/x'), callOf()))
    expect(worker.inFlight).toBe(5)
    await full.promise
    gate.resolve()
    await Promise.all(answers)
    expect(most).toBe(expected)
  }
})

test('a handler that blocks the event loop loses no request, and each answer is sent before the next begins', async () => {
  const order: string[] = []
  class Blocking extends Executor {
    @requests
    block(_docs: DocumentArray, { parameters }: HandlerContext) {
      order.push(`begin ${String(parameters.n)}`)
      const until = performance.now() + 3
      while (performance.now() < until);
    }
  }
  const { worker } = await start(Blocking)
  const answers = [1, 2, 3, 4].map(async (n) => {
    await worker.handle(requestOf('/x', { parameters: { n } }), callOf())
    order.push(`answer ${n}`)
  })
  await Promise.all(answers)
  expect(order).toEqual([1, 2, 3, 4].flatMap((n) => [`begin ${n}`, `answer ${n}`]))
})

test("the handler's signal is the call's", async () => {
  const seen = deferred<unknown>()
  class Listening extends Executor {
    @requests
    async listen(_docs: DocumentArray, { signal }: HandlerContext) {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      seen.resolve(signal.reason)
    }
  }
  const { worker } = await start(Listening)
  const controller = new AbortController()
  const answer = worker.handle(requestOf('/x'), callOf({ signal: controller.signal }))
  controller.abort('left')
  expect(await seen.promise).toMatchObject({ code: 'CANCELLED', cause: 'left' })
  await answer
})

test('close refuses new requests, finishes those it has, then closes the executor, once', async () => {
  const gate = deferred()
  const order: string[] = []
  class Slow extends Executor {
    @requests
    async slow() {
      await gate.promise
      order.push('handled')
    }
    override async close() {
      order.push('closed')
    }
  }
  const { worker } = await start(Slow, { maxConcurrency: 1 })
  const accepted = [1, 2].map(() => worker.handle(requestOf('/x'), callOf()))
  const closing = worker.close()
  expect(worker.close()).toBe(closing)
  await expect(worker.handle(requestOf('/x'), callOf())).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryable: true,
  })
  const stream = worker.handle(requestOf('/x'), callOf({ items: new Items() }))
  await expect(stream).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(order).toEqual([])
  gate.resolve()
  await closing
  await Promise.all(accepted)
  expect(order).toEqual(['handled', 'handled', 'closed'])
})

test('an error in close() of the executor is logged and the worker is closed anyway', async () => {
  class Bad extends Executor {
    override close(): never {
      throw new Error('cannot flush')
    }
  }
  const { worker, logged } = await start(Bad)
  await worker.close()
  expect(logged).toEqual(['error: close() of Bad threw Error: cannot flush'])
})

test('a stream gives documents as they come', async () => {
  const { worker } = await start(Shout)
  const items = new Items()
  const closing = await worker.handle(requestOf('/generate', { texts: ['x'] }), callOf({ items }))
  expect(items.texts).toEqual(['x', 'more'])
  expect(closing.docs).toHaveLength(0)
  expect(worker.inFlight).toBe(0)
})

test('a stream to an unknown endpoint fails, the dry run does not', async () => {
  const { worker } = await start(Shout)
  const unknown = await worker.handle(requestOf('/nobody'), callOf({ items: new Items() }))
  expect(unknown.status?.exception?.args[1]).toBe('NOT_FOUND')
  expect(unknown.status?.description).toContain('/shout')
  const dry = await worker.handle(requestOf('_jina_dry_run_'), callOf({ items: new Items() }))
  expect(dry.status).toBeUndefined()
})

test('a description lists the dry run first, write endpoints, and streaming endpoints', async () => {
  class Described extends Shout {
    @requests
    all() {}
  }
  const { worker } = await start(Described)
  const { endpoints, writeEndpoints, streamEndpoints, schemas } = worker.describe()
  expect(endpoints).toEqual(['_jina_dry_run_', '/default', '/shout', '/fail', '/write', '/generate'])
  expect(writeEndpoints).toEqual(['/write'])
  expect(streamEndpoints).toEqual(['/generate'])
  expect(Object.keys(schemas)).toEqual(endpoints)
  expect(schemas['/generate']).toMatchObject({
    input: { name: 'PydanticDocument' },
    output: { name: 'PydanticDocument' },
    is_generator: true,
    is_singleton_doc: false,
    parameters: {},
  })
  expect(JSON.parse(JSON.stringify(schemas))).toEqual(schemas)
})

test('is created when the executor has warmed up', async () => {
  const loaded = deferred()
  class Model extends Executor {
    override async warmUp() {
      await loaded.promise
    }
  }
  let isThere = false
  const starting = start(Model).then(({ worker }) => {
    isThere = true
    return worker
  })
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  expect(isThere).toBe(false)
  loaded.resolve()
  await (await starting).close()
})

test('does not start, and closes its executor, when warming up fails', async () => {
  const closed: string[] = []
  class Model extends Executor {
    override async warmUp() {
      throw new RangeError('the model is too large')
    }
    override close() {
      closed.push('closed')
    }
  }
  await expect(start(Model)).rejects.toMatchObject({
    code: 'START_FAILED',
    message: 'warmUp() of Model threw RangeError: the model is too large',
  })
  expect(closed).toEqual(['closed'])
})

/** Its handlers end when two of them run. */
class Together extends Executor {
  static override requests = {
    '/one': { method: 'meet', batch: { size: 2 } },
    '/several': { method: 'meet', batch: { size: 2 }, allowConcurrent: true },
  }
  static both = deferred()
  #running = 0

  async meet() {
    if (++this.#running === 2) Together.both.resolve()
    await Together.both.promise
  }
}

test.each<[string, string, Partial<ExecutorSpec>]>([
  ['of the endpoint', '/several', {}],
  ['of the stage', '/one', { allowConcurrent: true }],
  ['of the endpoint, up to maxConcurrency', '/several', { maxConcurrency: 2 }],
  ['of the endpoint, for another endpoint by usesRequests', '/new', { usesRequests: { '/new': 'meet' } }],
])('batches run at the same time with allowConcurrent %s', async (_, endpoint, options) => {
  Together.both = deferred()
  const { worker } = await start(Together, options)
  const answers = ['a', 'b', 'c'].map((text) =>
    worker.handle(requestOf(endpoint, { texts: [text] }), callOf()),
  )
  expect((await Promise.all(answers)).map(({ status }) => status?.code)).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test.each<[string, string, Partial<ExecutorSpec>]>([
  ['without allowConcurrent', '/one', {}],
  ['with maxConcurrency 1', '/several', { maxConcurrency: 1 }],
])('batches of an endpoint run one after the other %s', async (_, endpoint, options) => {
  Together.both = deferred()
  const { worker } = await start(Together, options)
  const answers = ['a', 'b', 'c'].map((text) =>
    worker.handle(requestOf(endpoint, { texts: [text] }), callOf()),
  )
  expect(worker.batches?.().map(({ documents }) => documents.sum)).toEqual(
    endpoint === '/one' ? [1, 0] : [0, 1],
  )
  Together.both.resolve()
  await Promise.all(answers)
})

test('allowConcurrent must be true or false', () => {
  const wrong = () => requests({ on: '/x', allowConcurrent: 'yes' as unknown as boolean })
  expect(() => {
    class Wrong extends Executor {
      @wrong()
      run() {}
    }
    return Wrong
  }).toThrow(/'allowConcurrent' must be true or false, not yes/)
})
