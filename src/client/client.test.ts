import { expect, test } from 'vitest'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { systemClock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import { type FakePeer, type FakePeerOptions, startFakePeer } from '../transport/grpc/fake-peer.suite.js'
import type { DataRequest } from '../wire/data-request.js'
import { statusFromError } from '../wire/error-status.js'
import { encodeStatus } from '../wire/status.js'
import { Client, type ClientOptions } from './client.js'
import type { Response } from '../client-core/response.js'

type Pair = { peer: FakePeer; client: Client } & AsyncDisposable

async function pair(peerOptions: FakePeerOptions = {}, options: Partial<ClientOptions> = {}): Promise<Pair> {
  const peer = await startFakePeer(peerOptions)
  const client = new Client({ host: `grpc://127.0.0.1:${peer.port}`, ...options })
  return {
    peer,
    client,
    async [Symbol.asyncDispose]() {
      await client.close()
      await peer.close()
    },
  }
}

function texts(docs: Iterable<Document>): string[] {
  return [...docs].map((document) => document.text)
}

function numbered(count: number): Document[] {
  return Array.from({ length: count }, (_, index) => new Document({ text: String(index) }))
}

/** Answers with status ERROR when a document says so, as a worker does. */
function failing(request: DataRequest): DataRequest {
  const bad = [...request.docs].some((document) => document.text === 'bad')
  const answer = request.answer()
  if (bad) {
    answer.status = statusFromError(new TypeError('bad luck'), 'Fails')
    answer.routes = [{ executor: 'slow', status: answer.status }]
  }
  return answer
}

const code = (value: string): unknown => expect.objectContaining({ code: value })

test('inputs go out in requests of 100 documents and come back as one array', async () => {
  await using it = await pair()
  const inputs = numbered(250)
  const results = await it.client.post('/foo', inputs)
  expect(results).toBeInstanceOf(DocumentArray)
  expect(texts(results)).toEqual(texts(inputs))
  const { requests } = it.peer.calls[0]!
  expect(requests.map((request) => [request.endpoint, request.docs.length])).toEqual([
    ['/foo', 100],
    ['/foo', 100],
    ['/foo', 50],
  ])
  expect(new Set(requests.map((request) => request.requestId)).size).toBe(3)
})

test('a request size of 0 puts everything into one request', async () => {
  await using it = await pair()
  await it.client.post('/', numbered(250), { requestSize: 0 })
  expect(it.peer.calls[0]!.requests).toHaveLength(1)
})

test.each([
  ['a Document', new Document({ text: 'a' })],
  ['the fields of one', { text: 'a' }],
  ['content', 'a'],
  ['an array', [{ text: 'a' }]],
  ['content in an array', ['a']],
  ['a DocumentArray', new DocumentArray([new Document({ text: 'a' })])],
  ['a Set', new Set(['a'])],
  [
    'a generator function',
    function* () {
      yield { text: 'a' }
    },
  ],
  [
    'an async generator function',
    async function* () {
      yield 'a'
    },
  ],
  ['a function', () => 'a'],
  ['an async function', async () => ['a']],
])('inputs may be %s', async (_, inputs) => {
  await using it = await pair()
  expect(texts(await it.client.post('/', inputs))).toEqual(['a'])
})

test.each([[undefined], [null], [[]], [new DocumentArray()], [() => []], [new Set<string>()]])(
  'without documents one request is sent, with the parameters: %j',
  async (inputs) => {
    await using it = await pair()
    const parameters = { filter: { text: { $eq: 'old' } } }
    expect(await it.client.post('/delete', inputs, { parameters })).toHaveLength(0)
    expect(await it.client.post('/delete', inputs, { parameters, returnResponses: true })).toHaveLength(1)
    const [first] = it.peer.calls[0]!.requests
    expect(it.peer.calls[0]!.requests).toHaveLength(1)
    expect([first!.docs.length, first!.parameters.filter]).toEqual([0, parameters.filter])
  },
)

test('a generator that ends without a document sends nothing and gives nothing', async () => {
  await using it = await pair()
  expect(await it.client.post('/', async function* () {})).toHaveLength(0)
  expect(await it.client.post('/', function* () {} as never, { returnResponses: true })).toEqual([])
  expect(it.peer.calls).toHaveLength(0)
})

test.each([
  [{ ids: ['a', 'b\ud800'] }, 'parameters.ids[1] is "b\\ud800"'],
  [{ filter: { id: { $eq: '\udc00' } } }, 'parameters.filter.id.$eq is "\\udc00"'],
  [{ 'a\ud800': 1 }, 'A key of parameters is "a\\ud800"'],
])('parameters with half of a surrogate pair are refused: %j', async (parameters, message) => {
  await using it = await pair()
  const refused = { code: 'INVALID_INPUT', message: expect.stringContaining(message) as string }
  await expect(it.client.post('/', [], { parameters })).rejects.toMatchObject(refused)
  const documents = it.client.streamDoc('/', { text: 'a' }, { parameters })[Symbol.asyncIterator]()
  await expect(documents.next()).rejects.toMatchObject(refused)
  expect(it.peer.calls).toHaveLength(0)
})

test.each([[[undefined]], [[() => 'a']], [[new Map()]], [[Promise.resolve('a')]]])(
  'inputs that are no documents are refused: %s',
  async (inputs) => {
    await using it = await pair()
    await expect(it.client.post('/', inputs as never)).rejects.toEqual(code('INVALID_INPUT'))
  },
)

test('parameters, target, endpoint and headers go along', async () => {
  await using it = await pair({}, { headers: { 'x-tenant': 'a', 'x-trace': '1' } })
  const headers = { 'x-trace': '2' }
  await it.client.post('/foo', 'a', {
    parameters: { top: 3, deep: { a: [1] } },
    targetExecutor: 'e.*',
    headers,
  })
  const { requests, metadata } = it.peer.calls[0]!
  expect(requests[0]!.parameters).toEqual({ top: 3, deep: { a: [1] }, __results__: {} })
  expect(requests[0]!.targetExecutor).toBe('e.*')
  expect(metadata).toMatchObject({ 'x-tenant': 'a', 'x-trace': '2' })
  expect(metadata).not.toHaveProperty('__prefetch__')
  expect(metadata).not.toHaveProperty('__results_in_order__')
})

test('order and an explicit prefetch are asked of the gateway', async () => {
  await using it = await pair()
  await it.client.post('/', 'a', { resultsInOrder: true, prefetch: 7 })
  expect(it.peer.calls[0]!.metadata).toMatchObject({ __results_in_order__: 'true', __prefetch__: '7' })
})

test('results are in the order of completion', async () => {
  const held: DataRequest[] = []
  await using it = await pair({
    onRequest(request, call) {
      held.push(request)
      if (held.length === 3) for (const each of held.reverse()) call.answer(each)
    },
  })
  expect(texts(await it.client.post('/', ['a', 'b', 'c'], { requestSize: 1 }))).toEqual(['c', 'b', 'a'])
})

test('responses have id, status, parameters with __results__, routes and documents', async () => {
  await using it = await pair({
    onRequest(request, call) {
      const answer = request.answer()
      answer.parameters = { __results__: { 'exec/rep-0': { n: 1 } } }
      answer.routes = [{ executor: 'gateway' }, { executor: 'exec' }]
      call.answer(answer)
    },
  })
  const responses = await it.client.post('/', ['a', 'b'], { requestSize: 1, returnResponses: true })
  expect(responses).toHaveLength(2)
  const [first] = responses
  expect(first!.requestId).toBe(it.peer.calls[0]!.requests[0]!.requestId)
  expect(first!.status.code).toBe('SUCCESS')
  expect(first!.parameters).toEqual({ __results__: { 'exec/rep-0': { n: 1 } } })
  expect(first!.routes.map((route) => route.executor)).toEqual(['gateway', 'exec'])
  expect(texts(first!.docs)).toEqual(['a'])
  expect(first!.shards).toBeUndefined()
})

test('a failed response rejects with the message of the executor and where it happened', async () => {
  await using it = await pair({
    onRequest: (request, call) => call.answer(failing(request)),
    onHalfClose() {},
  })
  const error: MillraceError = await it.client.post('/foo', ['bad']).then(
    () => expect.unreachable(),
    (reason) => reason,
  )
  expect(MillraceError.is(error)).toBe(true)
  expect(error.code).toBe('EXECUTOR_FAILED')
  expect(error.message).toContain('bad luck')
  expect(error.where).toMatchObject({ deployment: 'slow', endpoint: '/foo' })
  await it.peer.calls[0]!.cancelled
})

test('with onError failures are handed over, their documents are not, and the rest goes on', async () => {
  await using it = await pair({ onRequest: (request, call) => call.answer(failing(request)) })
  const failed: Response[] = []
  const onError = (response: Response): unknown => failed.push(response)
  const results = await it.client.post('/', ['a', 'bad', 'b'], { requestSize: 1, onError })
  expect(texts(results)).toEqual(['a', 'b'])
  expect(failed.map((response) => response.status.exception?.name)).toEqual(['TypeError'])
})

test('with continueOnError failures are logged', async () => {
  const lines: string[] = []
  const log = (message: string): unknown => lines.push(message)
  const logger = { debug: log, info: log, warn: log, error: log } as ClientOptions['logger'] & {}
  await using it = await pair({ onRequest: (request, call) => call.answer(failing(request)) }, { logger })
  const results = await it.client.post('/', ['bad', 'b'], { requestSize: 1, continueOnError: true })
  expect(texts(results)).toEqual(['b'])
  expect(lines.join()).toContain('bad luck')
})

test('callbacks come per response: done or error, then always; then nothing is collected', async () => {
  await using it = await pair({ onRequest: (request, call) => call.answer(failing(request)) })
  const seen: string[] = []
  const result = await it.client.post('/', ['a', 'bad'], {
    requestSize: 1,
    onDone: async (response) => {
      await Promise.resolve()
      seen.push(`done ${response.docs.at(0)?.text}`)
    },
    onError: () => seen.push('error'),
    onAlways: () => seen.push('always'),
  })
  expect(result).toBeUndefined()
  expect(seen).toEqual(['done a', 'always', 'error', 'always'])
})

test('a callback that throws ends it, or is logged with continueOnError', async () => {
  const lines: string[] = []
  const log = (message: string): unknown => lines.push(message)
  const logger = { debug: log, info: log, warn: log, error: log } as ClientOptions['logger'] & {}
  await using it = await pair({}, { logger })
  const onDone = (): never => {
    throw new RangeError('my fault')
  }
  const error = await it.client.post('/', 'a', { onDone }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'CALLBACK_FAILED', cause: expect.any(RangeError) })
  expect(
    await it.client.post('/', ['a', 'b'], { requestSize: 1, onDone, continueOnError: true }),
  ).toBeUndefined()
  expect(lines).toHaveLength(2)
})

test('a generator is not pulled further than prefetch, and goes on when answers come', async () => {
  const full = deferred()
  const held: DataRequest[] = []
  await using it = await pair({
    onRequest(request, call) {
      held.push(request)
      if (held.length === 3) full.resolve()
      if (held.length > 3) call.answer(request)
    },
  })
  let pulled = 0
  const post = it.client.post(
    '/',
    function* () {
      for (; pulled < 10; pulled++) yield String(pulled)
    },
    { requestSize: 1, prefetch: 3 },
  )
  await full.promise
  await new Promise((resolve) => setImmediate(resolve))
  // the fourth is not asked for: the generator stands at its third yield
  expect(pulled).toBe(2)
  for (const request of held.slice(0, 3)) it.peer.calls[0]!.answer(request)
  expect(await post).toHaveLength(10)
  expect(pulled).toBe(10)
})

test('a generator that throws rejects with its error and cancels what is in flight', async () => {
  const arrived = deferred()
  await using it = await pair({ onRequest: () => arrived.resolve(), onHalfClose() {} })
  const cause = new RangeError('no more')
  const post = it.client.post(
    '/',
    async function* () {
      yield 'a'
      await arrived.promise
      throw cause
    },
    { requestSize: 1 },
  )
  await expect(post).rejects.toMatchObject({ code: 'INPUT_FAILED', cause })
  await it.peer.calls[0]!.cancelled
})

test('a function for inputs that throws rejects before anything is sent', async () => {
  await using it = await pair()
  const inputs = (): never => {
    throw new Error('no file')
  }
  await expect(it.client.post('/', inputs)).rejects.toEqual(code('INPUT_FAILED'))
  expect(it.peer.calls).toHaveLength(0)
})

test('abort rejects at once, returns the generator and cancels at the server', async () => {
  const arrived = deferred()
  const returned = deferred()
  await using it = await pair({ onRequest: () => arrived.resolve(), onHalfClose() {} })
  const abort = new AbortController()
  const inputs = function* () {
    try {
      for (;;) yield 'a'
    } finally {
      returned.resolve()
    }
  }
  const post = it.client.post('/', inputs, { requestSize: 1, prefetch: 2, signal: abort.signal })
  await arrived.promise
  abort.abort()
  await expect(post).rejects.toEqual(code('CANCELLED'))
  await returned.promise
  await it.peer.calls[0]!.cancelled
})

test('a signal that was aborted before sends nothing', async () => {
  await using it = await pair()
  const reason = new MillraceError('DEADLINE_EXCEEDED', 'too late')
  await expect(it.client.post('/', 'a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(it.peer.calls).toHaveLength(0)
})

test('a source that never answers does not hold up an abort', async () => {
  await using it = await pair()
  const abort = new AbortController()
  const asked = deferred()
  const never = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked.resolve()
        return new Promise<never>(() => {})
      },
    }),
  }
  const post = it.client.post('/', never, { signal: abort.signal })
  await asked.promise
  abort.abort()
  await expect(post).rejects.toEqual(code('CANCELLED'))
})

test('the time of a call runs out, and the server knows how long it has', async () => {
  await using it = await pair({ onRequest() {}, onHalfClose() {} })
  await expect(it.client.post('/', 'a', { timeoutMs: 1000 })).rejects.toEqual(code('DEADLINE_EXCEEDED'))
  await it.peer.calls[0]!.cancelled
})

test('a gRPC status of the server becomes an error that names it', async () => {
  await using it = await pair({ onRequest: (_, call) => call.end({ code: 8, details: 'queue “full” ✓' }) })
  const error = await it.client.post('/', 'a').catch((reason) => reason)
  expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true })
  expect(error.message).toContain('queue “full” ✓')
  expect(error.where.address).toBe(`127.0.0.1:${it.peer.port}`)
})

test('a server that ends the stream too early is found out', async () => {
  await using it = await pair({ onRequest: (_, call) => call.end() })
  await expect(it.client.post('/', ['a', 'b'], { requestSize: 1 })).rejects.toEqual(code('UNAVAILABLE'))
})

test('an unreachable server is UNAVAILABLE', async () => {
  const peer = await startFakePeer()
  await peer.close()
  await using client = new Client({ host: `grpc://127.0.0.1:${peer.port}` })
  await expect(client.post('/', 'a')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true })
  expect(await client.isReady()).toBe(false)
})

test('a server that dies in the middle fails the call, and the next call finds its successor', async () => {
  const first = await startFakePeer({ onRequest: () => void first.close() })
  await using client = new Client({ host: `grpc://127.0.0.1:${first.port}` })
  // it depends on whether the server had said that it does not know what writes
  await expect(client.post('/', 'a')).rejects.toMatchObject({
    code: expect.stringMatching(/^(UNAVAILABLE|OUTCOME_UNKNOWN)$/),
  })
  await using _second = await startFakePeer({}, first.port)
  expect(texts(await client.post('/', 'b'))).toEqual(['b'])
})

test('a message above the limit is refused with what to do', async () => {
  await using it = await pair({}, { maxMessageBytes: 1000 })
  const error = await it.client.post('/', 'x'.repeat(2000)).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
  expect(error.message).toContain('maxMessageBytes')
})

test('stream gives response by response, failed ones too', async () => {
  await using it = await pair({ onRequest: (request, call) => call.answer(failing(request)) })
  const codes: string[] = []
  for await (const response of it.client.stream('/', ['a', 'bad'], { requestSize: 1 }))
    codes.push(response.status.code)
  expect(codes).toEqual(['SUCCESS', 'ERROR'])
})

test('leaving the loop of a stream returns the inputs and cancels at the server', async () => {
  await using it = await pair({ onHalfClose() {} })
  const returned = deferred()
  const inputs = function* () {
    try {
      for (;;) yield 'a'
    } finally {
      returned.resolve()
    }
  }
  for await (const _ of it.client.stream('/', inputs, { requestSize: 1, prefetch: 5 })) break
  await returned.promise
  await it.peer.calls[0]!.cancelled
})

test('a slow reader of a stream slows the inputs down', async () => {
  await using it = await pair()
  let pulled = 0
  const inputs = function* () {
    for (; pulled < 50; pulled++) yield 'a'
  }
  let taken = 0
  for await (const _ of it.client.stream('/', inputs, { requestSize: 1, prefetch: 4 })) {
    taken++
    expect(pulled).toBeLessThanOrEqual(taken + 4)
  }
  expect(taken).toBe(50)
})

test('streamDoc gives documents as the server gives them, and its failures', async () => {
  await using it = await pair({
    onStreamDoc: async function* (request) {
      for (const index of [1, 2]) {
        const answer = request.answer()
        answer.docs = new DocumentArray([new Document({ text: `${request.docs.at(0)!.text} ${index}` })])
        yield answer
      }
      const last = request.answer()
      last.status = statusFromError(new Error('dry'), 'Tells')
      yield last
    },
  })
  const got: string[] = []
  const reading = (async () => {
    for await (const document of it.client.streamDoc('/tell', 'word')) got.push(document.text)
  })()
  await expect(reading).rejects.toThrow('dry')
  expect(got).toEqual(['word 1', 'word 2'])
})

test('isReady asks for a dry run', async () => {
  let status = encodeStatus({ code: 'SUCCESS', description: '' })
  await using it = await pair({ dryRun: () => status })
  expect(await it.client.isReady()).toBe(true)
  status = encodeStatus({ code: 'ERROR', description: 'a stage is gone' })
  expect(await it.client.isReady()).toBe(false)
})

test('isReady asks an executor that is served alone by its own endpoint', async () => {
  await using it = await pair({ onSingle: (request) => request.answer() })
  expect(await it.client.isReady()).toBe(true)
})

test('close ends calls in flight, and may be called twice', async () => {
  const arrived = deferred()
  await using it = await pair({ onRequest: () => arrived.resolve(), onHalfClose() {} })
  const post = it.client.post('/', 'a')
  await arrived.promise
  await Promise.all([it.client.close(), expect(post).rejects.toEqual(code('CANCELLED'))])
  await it.client.close()
  await expect(it.client.post('/', 'a')).rejects.toEqual(code('CANCELLED'))
})

test('wrong options are refused at the call', async () => {
  const client = new Client({ host: 'grpc://127.0.0.1:1' })
  const wrong = (options: object): Promise<unknown> => client.post('/', 'a', options as never)
  await expect(wrong({ request_size: 5 })).rejects.toMatchObject({
    code: 'UNKNOWN_OPTION',
    message: expect.stringContaining("'requestSize'"),
  })
  await expect(wrong({ prefetch: -1 })).rejects.toEqual(code('INVALID_OPTION'))
  await expect(wrong({ requestSize: 1.5 })).rejects.toEqual(code('INVALID_OPTION'))
  await expect(wrong({ onDone: 'x' })).rejects.toEqual(code('INVALID_OPTION'))
  await expect(wrong({ parameters: [] })).rejects.toEqual(code('INVALID_OPTION'))
  await expect(wrong({ headers: { 'a b': 'x' } })).rejects.toEqual(code('INVALID_OPTION'))
  await expect(client.post('' as string)).rejects.toEqual(code('INVALID_OPTION'))
  expect(() => client.stream('/', 'a', { onDone() {} } as never)).toThrow(code('UNKNOWN_OPTION') as Error)
  expect(() => new Client({ hots: 'x' } as never)).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_OPTION' }),
  )
})

test('a failure that may pass is tried again when the inputs can be read again', async () => {
  let calls = 0
  const onRequest: FakePeerOptions['onRequest'] = (request, call) => {
    if (++calls % 2 === 1) call.end({ code: 14, details: 'starting' })
    else call.answer(request)
  }
  await using peer = await startFakePeer({ onRequest })
  const clock = { ...systemClock, after: (_: number, wake: () => void) => systemClock.after(0, wake) }
  await using client = new Client({ host: `grpc://127.0.0.1:${peer.port}` }, { clock })
  expect(texts(await client.post('/', ['a'], { maxAttempts: 2 }))).toEqual(['a'])
  const generator = function* () {
    yield 'a'
  }
  await expect(client.post('/', generator, { maxAttempts: 2 })).rejects.toEqual(code('UNAVAILABLE'))
  expect(calls).toBe(3)
})
