import { expect, test } from 'vitest'
import { callOf } from '../call/call.suite.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import { constructWith } from './construction.js'
import type { HandlerContext, HandlerMethod } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor } from './executor.js'
import { loggerOf, requestOf, sent } from './fixtures.suite.js'
import { invoke, type Target } from './invoke.js'

const logged: string[] = []

/** A target whose handler is the given function. */
function targetOf(handler: HandlerMethod): Target {
  class Subject extends Executor {
    static override requests = { '/x': 'method' }
    method() {}
  }
  Object.defineProperty(Subject.prototype, 'method', { value: handler })
  const endpoint = endpointsOf(Subject).get('/x')
  if (endpoint === undefined) throw new Error('no endpoint')
  const runtimeArgs = { ...new Subject().runtimeArgs }
  const metas = { name: 'Subject', description: '', workspace: '' }
  const construction = { metas, runtimeArgs, requests: new Map(), logger: loggerOf(logged), holder: null }
  const executor = constructWith(construction, () => new Subject())
  return { executor, endpoint, podName: 'exec/rep-1', deployment: 'exec' }
}

async function run(handler: HandlerMethod, request: DataRequest = requestOf('/x')): Promise<DataRequest> {
  return sent(await invoke(targetOf(handler), request, callOf()))
}

const texts = (answer: DataRequest): string[] => [...answer.docs].map(({ text }) => text)

test('nothing returned: documents changed in place are the answer', async () => {
  const sync = await run((docs) => {
    for (const doc of docs) doc.text += '!'
    docs.push(new Document({ text: 'new' }))
  })
  expect(texts(sync)).toEqual(['a!', 'b!', 'new'])
  const later = await run(async (docs) => {
    await Promise.resolve()
    for (const doc of docs) doc.text += '?'
    return null
  })
  expect(texts(later)).toEqual(['a?', 'b?'])
})

test('a DocumentArray or a Document replaces the documents', async () => {
  expect(texts(await run((docs) => new DocumentArray([...docs].toReversed())))).toEqual(['b', 'a'])
  expect(texts(await run(async () => new Document({ text: 'one' })))).toEqual(['one'])
  expect(texts(await run(() => new DocumentArray()))).toEqual([])
})

test('a plain object goes under __results__ by the name of the pod, beside those of others', async () => {
  const parameters = { k: 1, __results__: { 'other/rep-0': { n: 2 } } }
  const answer = await run(() => ({ loss: 0.5, list: [1, 'x', null] }), requestOf('/x', { parameters }))
  expect(answer.parameters).toEqual({
    k: 1,
    __results__: { 'other/rep-0': { n: 2 }, 'exec/rep-1': { loss: 0.5, list: [1, 'x', null] } },
  })
  expect(texts(answer)).toEqual(['a', 'b'])
  const broken = await run(
    () => Object.create(null) as object,
    requestOf('/x', { parameters: { __results__: 5 } }),
  )
  expect(broken.parameters).toEqual({ __results__: { 'exec/rep-1': {} } })
})

test('a generator runs once per document, and the yielded documents are collected', async () => {
  const sizes: number[] = []
  const sync = await run(function* (docs) {
    sizes.push(docs.length)
    for (const doc of docs)
      yield* [new Document({ text: `${doc.text}1` }), new Document({ text: `${doc.text}2` })]
  })
  expect(texts(sync)).toEqual(['a1', 'a2', 'b1', 'b2'])
  expect(sizes).toEqual([1, 1])
  const later = await run(async function* (docs) {
    yield* docs
  })
  expect(texts(later)).toEqual(['a', 'b'])
})

test('the documents of an iterator that a plain handler returns are collected', async () => {
  expect(texts(await run((docs) => docs[Symbol.iterator]()))).toEqual(['a', 'b'])
})

const wrongResults: readonly [string, () => unknown, string][] = [
  ['a string', () => 'abc', "a string ('abc')"],
  ['a number', () => 5, 'a number (5)'],
  ['a boolean', async () => false, 'a boolean (false)'],
  ['an array', () => [new Document()], 'an array of 1'],
  ['a Map', () => new Map(), 'an object of class Map'],
  ['a typed array', () => new Float32Array(3), 'an object of class Float32Array'],
  ['a function', () => () => {}, 'a function'],
  ['a symbol', () => Symbol('x'), 'a symbol'],
  [
    'a generator of strings',
    function* () {
      yield 'abc'
    },
    "yielded a string ('abc')",
  ],
  ['results that cannot be sent', () => ({ f: () => {} }), 'cannot be sent'],
]

test.each(wrongResults)('%s returned is an error that describes it', async (_name, handler, text) => {
  const { status } = await run(handler as HandlerMethod)
  expect(status?.code).toBe('ERROR')
  expect(status?.exception?.args[1]).toBe('INVALID_RESULT')
  expect(status?.description).toContain(text)
  expect(status?.description).toContain('Subject.method')
})

test('an exception gives the request back with its name, message, stack and class', async () => {
  class ModelError extends Error {
    override name = 'ModelError'
  }
  const answer = await run((docs) => {
    void docs
    throw new ModelError('no weights')
  })
  expect(answer.status).toMatchObject({
    code: 'ERROR',
    description: 'ModelError: no weights',
    exception: { name: 'ModelError', args: ['no weights'], executor: 'Subject' },
  })
  expect(answer.status?.exception?.stacks.join('')).toContain('invoke.test.ts')
  expect(texts(answer)).toEqual(['a', 'b'])
  expect(answer.routes).toMatchObject([{ executor: 'exec', status: { code: 'ERROR' } }])
  expect(logged.at(-1)).toBe('error: exec failed: ModelError: no weights')
})

const failures: readonly [string, HandlerMethod][] = [
  ['a rejected promise', async () => Promise.reject(new Error('later'))],
  [
    'a generator that throws',
    function* () {
      yield new Document()
      throw new Error('later')
    },
  ],
]

test.each(failures)('%s is an error answer', async (_name, handler) => {
  expect((await run(handler)).status).toMatchObject({ code: 'ERROR', description: 'Error: later' })
})

test('an error after the caller has disconnected is not logged', async () => {
  const before = logged.length
  const signal = AbortSignal.abort()
  const handler: HandlerMethod = (_docs, context) => context.signal.throwIfAborted()
  const answer = await invoke(targetOf(handler), requestOf('/x'), callOf({ signal }))
  expect(answer.status?.code).toBe('ERROR')
  expect(logged.length).toBe(before)
})

test.each([['text'], [undefined], [null], [{ a: 1 }], [Symbol('s')], [5n]])(
  'throwing %s is an error answer too',
  async (thrown) => {
    const { status } = await run(() => {
      throw thrown
    })
    expect(status?.code).toBe('ERROR')
    expect(status?.description).not.toBe('')
  },
)

test('documents that cannot be read are an error answer', async () => {
  const broken = requestOf('/x', { texts: [] })
  Object.defineProperty(broken, 'docs', {
    get() {
      throw new RangeError('bad bytes')
    },
  })
  const answer = await invoke(
    targetOf(() => {}),
    broken,
    callOf(),
  )
  expect(answer.status).toMatchObject({ code: 'ERROR', description: 'RangeError: bad bytes' })
})

test('the context has the data of the request and of the call', async () => {
  const controller = new AbortController()
  const request = requestOf('/asked', { parameters: { top: 3 } })
  request.routes = [{ executor: 'gateway' }, { executor: 'before' }]
  let seen: HandlerContext | undefined
  let docs: DocumentArray | undefined
  const handler: HandlerMethod = (given, context) => {
    docs = given
    seen = context
  }
  await invoke(
    targetOf(handler),
    request,
    callOf({ signal: controller.signal, deadline: 99, headers: { authorization: 'x' } }),
  )
  expect(seen?.endpoint).toBe('/asked')
  expect(seen?.parameters).toEqual({ top: 3 })
  expect(seen?.requestId).toBe(request.requestId)
  expect(seen?.deadline).toBe(99)
  expect(seen?.headers).toEqual({ authorization: 'x' })
  expect(seen?.docsMatrix).toEqual([docs])
  expect(seen?.docsMatrix?.[0]).toBe(docs)
  expect(seen?.docsMap.before).toBe(docs)
  controller.abort()
  expect(seen?.signal.aborted).toBe(true)
})

test('without documents the matrix is null', async () => {
  await run(
    (docs, { docsMatrix, docsMap }) => {
      expect(docs.length).toBe(0)
      expect(docsMatrix).toBeNull()
      expect(docsMap).toEqual({})
    },
    requestOf('/x', { texts: [] }),
  )
})

test('parameters under the name of the executor are merged over the others, in a copy', async () => {
  const parameters = { k: 1, only: 2, Subject: { k: 5, more: 6 }, Other: { k: 7 } }
  let seen: Record<string, unknown> = {}
  const answer = await run(
    (_docs, context) => {
      seen = context.parameters
      seen.added = true
    },
    requestOf('/x', { parameters }),
  )
  expect(seen).toMatchObject({ k: 5, only: 2, more: 6, added: true, Other: { k: 7 } })
  expect(answer.parameters).toEqual(parameters)
})

test('a parameter named __proto__ stays a parameter', async () => {
  const parameters = JSON.parse(
    '{"__proto__": {"polluted": 1}, "Subject": {"__proto__": {"polluted": 2}}}',
  ) as object
  let seen: Record<string, unknown> = {}
  await run(
    (_docs, context) => void (seen = context.parameters),
    requestOf('/x', { parameters: parameters as Record<string, unknown> }),
  )
  expect(Object.getPrototypeOf(seen)).toBe(Object.prototype)
  expect(seen.polluted).toBeUndefined()
})

test('this is the executor, and the stage is added to the routes', async () => {
  const request = requestOf('/x')
  request.routes = [{ executor: 'gateway' }]
  const answer = await run(function (this: Executor) {
    return { name: this.metas.name }
  }, request)
  expect(answer.parameters.__results__).toEqual({ 'exec/rep-1': { name: 'Subject' } })
  expect(answer.routes.map(({ executor }) => executor)).toEqual(['gateway', 'exec'])
})

test('a sync handler has run when invoke returns', () => {
  let ran = false
  void invoke(
    targetOf(() => void (ran = true)),
    requestOf('/x'),
    callOf(),
  )
  expect(ran).toBe(true)
})

test('a sync generator has run for every document when invoke returns', () => {
  const steps: string[] = []
  const handler: HandlerMethod = function* (docs) {
    for (const doc of docs) {
      steps.push(doc.text)
      yield doc
      steps.push('ended')
    }
  }
  void invoke(targetOf(handler), requestOf('/x'), callOf())
  expect(steps).toEqual(['a', 'ended', 'b', 'ended'])
})

test('an async generator ends when the caller disconnects', async () => {
  const controller = new AbortController()
  let ended = false
  const handler: HandlerMethod = async function* (docs) {
    try {
      for (;;) {
        yield* docs
        controller.abort(new MillraceError('CANCELLED', 'left'))
      }
    } finally {
      ended = true
    }
  }
  const answer = await invoke(targetOf(handler), requestOf('/x'), callOf({ signal: controller.signal }))
  expect(answer.status?.description).toBe('MillraceError: left')
  expect(ended).toBe(true)
})

test('unchanged documents are sent back unchanged', async () => {
  const request = requestOf('/x')
  const before = Buffer.from(request.data ?? []).toString('hex')
  const answer = await run((docs) => void docs.length, request)
  expect(Buffer.from(answer.data ?? []).toString('hex')).toBe(before)
})

test('documents of another copy of the package are accepted', async () => {
  const foreign = {
    DocumentArray: class DocumentArray {
      readonly #bytes: Uint8Array
      constructor(bytes: Uint8Array) {
        this.#bytes = bytes
      }
      toProtobuf() {
        return this.#bytes
      }
    },
  }
  const bytes = new DocumentArray([new Document({ text: 'foreign' })]).toProtobuf()
  expect(texts(await run(() => new foreign.DocumentArray(bytes)))).toEqual(['foreign'])
})
