import { describe, expect, test } from 'vitest'
import type { Handler } from '../call/call.js'
import { callOf, Items, withText } from '../call/call.suite.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { systemClock } from '../lib/clock.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import type { Stage } from './stage.js'
import { Targets } from './targets.js'
import { type UnknownEndpoint, Unserved } from './unserved.js'
import { walk } from './walk.js'

const call = new Scope(Number.POSITIVE_INFINITY, {})

interface FakeStage extends Stage {
  /** Parameters of every request that came. */
  readonly seen: Record<string, unknown>[]
}

function stage(
  name: string,
  {
    passThrough = false,
    endpoints,
    results,
    status,
  }: {
    passThrough?: boolean
    endpoints?: readonly string[]
    results?: Record<string, unknown>
    status?: 'ERROR'
  } = {},
): FakeStage {
  const seen: Record<string, unknown>[] = []
  const handle: Handler = async (request, { items }) => {
    const arrived = DataRequest.decode(request.encode())
    seen.push(arrived.parameters)
    const answer = DataRequest.decode(request.encode())
    for (const suffix of items === undefined || status !== undefined ? [] : ['1', '2'])
      await items?.push(withText(request, `${request.docs.at(0)!.text}${name}${suffix}`))
    answer.routes = [{ executor: 'written by the pod' }]
    if (results !== undefined) answer.parameters = { __results__: results }
    if (status !== undefined) answer.status = { code: status, description: 'failed' }
    return answer
  }
  return {
    name,
    passThrough,
    seen,
    handle,
    endpoints: () => (endpoints === undefined ? undefined : new Set(endpoints)),
    isWrite: (endpoint) => endpoint === '/index',
  }
}

function walkOver(
  stages: readonly Stage[],
  { rule = 'pass', said = [] }: { rule?: UnknownEndpoint; said?: string[] } = {},
): Handler {
  const targets = new Targets(stages.map(({ name }) => name))
  const unserved = new Unserved(stages, { rule, say: (sentence) => void said.push(sentence) })
  return walk({ stages, targets, clock: systemClock, unserved })
}

function document(parameters: Record<string, unknown> = {}): DataRequest {
  return DataRequest.create({ endpoint: '/x', parameters, docs: new DocumentArray([new Document()]) })
}

const names = (response: DataRequest): string[] => response.routes.map(({ executor }) => executor)

describe('a walk', () => {
  test('visits every stage while nobody knows their endpoints', async () => {
    const response = await walkOver([stage('a'), stage('b')])(DataRequest.create({ endpoint: '/x' }), call)
    expect(names(response)).toEqual(['gateway', 'a', 'b'])
  })

  test('skips a stage that serves neither the endpoint nor /default', async () => {
    const stages = [
      stage('a', { endpoints: ['/y'] }),
      stage('b', { endpoints: ['/x'] }),
      stage('c', { endpoints: ['/default'] }),
    ]
    const response = await walkOver(stages)(DataRequest.create({ endpoint: '/x' }), call)
    expect(names(response)).toEqual(['gateway', 'b', 'c'])
  })

  test('visits only the stages that target_executor matches at the start of their name, and takes it off', async () => {
    const stages = [stage('encoder1'), stage('indexer'), stage('my_encoder')]
    const request = DataRequest.create({ endpoint: '/x', targetExecutor: 'enc.*' })
    const response = await walkOver(stages)(request, call)
    expect(names(response)).toEqual(['gateway', 'encoder1'])
    expect(response.targetExecutor).toBe('')
  })

  test('a stage without an Executor has a route and no hop', async () => {
    const passing = stage('fast', { passThrough: true })
    const request = DataRequest.create({ endpoint: '/x', parameters: { a: 1 } })
    const response = await walkOver([passing])(request, call)
    expect(names(response)).toEqual(['gateway', 'fast'])
    expect(passing.seen).toEqual([])
    expect(response.parameters).toEqual({ a: 1 })
  })

  test('every stage starts from the parameters of the request, and gets its own', async () => {
    const stages = [stage('a', { results: { 'a/rep-0': { n: 1 } } }), stage('b'), stage('c')]
    const parameters = { k: 1, b__k: 2, c: { extra: true } }
    const response = await walkOver(stages)(DataRequest.create({ endpoint: '/x', parameters }), call)
    expect(stages.map(({ seen }) => seen[0])).toEqual([
      { k: 1, c: { extra: true } },
      { k: 2, c: { extra: true } },
      { k: 1, c: { extra: true }, extra: true },
    ])
    expect(response.parameters).toEqual({ ...parameters, __results__: { 'a/rep-0': { n: 1 } } })
  })

  test('leaves every byte that it does not have to change as it came, and the request itself alone', async () => {
    // an entry whose key comes behind its value, an unknown field in the header, and one in the message
    const parameters = [10, 7, 18, 2, 8, 0, 10, 1, 97]
    const header = [26, 2, 47, 120, 10, 1, 105, 72, 5]
    const bytes = Uint8Array.from([72, 1, 18, parameters.length, ...parameters, 10, header.length, ...header])
    const hops: Uint8Array[] = []
    const echo = (name: string): Stage => ({
      ...stage(name),
      handle: async (request) => {
        hops.push(request.encode())
        return DataRequest.decode(request.encode())
      },
    })
    const request = DataRequest.decode(bytes)
    const response = await walkOver([echo('a'), echo('b')])(request, call)
    expect(hops.map((hop) => [...hop])).toEqual([[...bytes], [...bytes]])
    expect([...request.encode()]).toEqual([...bytes])
    expect(response.parameterBytes).toEqual(Uint8Array.from(parameters))
    expect(Buffer.from(response.encode()).includes(Buffer.from(header))).toBe(true)
  })

  test('takes target_executor off for its stages, and leaves the request as it came', async () => {
    const request = DataRequest.create({ endpoint: '/x', targetExecutor: 'a', parameters: { a__k: 1 } })
    const bytes = request.encode()
    const first = stage('a')
    await walkOver([first])(request, call)
    expect(first.seen).toEqual([{ k: 1 }])
    expect(request.targetExecutor).toBe('a')
    expect(request.encode()).toEqual(bytes)
  })

  test('merges what stages return under __results__', async () => {
    const stages = [
      stage('a', { results: { 'a/rep-0': { n: 1 } } }),
      stage('b', { results: { 'b/rep-1': { n: 2 } } }),
    ]
    const response = await walkOver(stages)(
      DataRequest.create({ endpoint: '/x', parameters: { __results__: {} } }),
      call,
    )
    expect(response.parameters).toEqual({ __results__: { 'a/rep-0': { n: 1 }, 'b/rep-1': { n: 2 } } })
  })

  test('ends at a stage that answers with an error', async () => {
    const last = stage('c')
    const response = await walkOver([stage('a'), stage('b', { status: 'ERROR' }), last])(
      DataRequest.create({ endpoint: '/x' }),
      call,
    )
    expect(names(response)).toEqual(['gateway', 'a', 'b'])
    expect(response.routes.at(-1)?.status).toMatchObject({ code: 'ERROR', description: 'failed' })
    expect(last.seen).toEqual([])
  })

  test('that fails behind a stage is one that somebody has seen', async () => {
    const failing: Stage = {
      ...stage('b'),
      handle: () => Promise.reject(new MillraceError('UNAVAILABLE', 'nobody', { notRun: true })),
    }
    const request = (endpoint = '/x') => DataRequest.create({ endpoint })
    await expect(walkOver([stage('a'), failing])(request('/index'), call)).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
      notRun: false,
    })
    await expect(walkOver([failing])(request(), call)).rejects.toMatchObject({ notRun: true })
    const passing = stage('fast', { passThrough: true })
    await expect(walkOver([passing, failing])(request(), call)).rejects.toMatchObject({ notRun: true })
    await expect(walkOver([stage('a'), failing])(request(), call)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      notRun: false,
      retryable: true,
    })
  })

  test('with a target that is no pattern is refused', async () => {
    const request = DataRequest.create({ endpoint: '/x', targetExecutor: '(' })
    await expect(walkOver([stage('a')])(request, call)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('leaves nothing of one request in the next', async () => {
    const handle = walkOver([stage('a', { results: { n: 1 } })])
    await handle(DataRequest.create({ endpoint: '/x', parameters: { only: 'here' } }), call)
    const response = await handle(DataRequest.create({ endpoint: '/x' }), call)
    expect(response.parameters).toEqual({ __results__: { n: 1 } })
    expect(names(response)).toEqual(['gateway', 'a'])
  })
})

describe('a document on its way', () => {
  test('goes through every stage, and what one yields through the next', async () => {
    const stages = [stage('a'), stage('skipped', { endpoints: ['/other'] }), stage('b')]
    const items = new Items()
    const response = await walkOver(stages)(document({ b__k: 1 }), callOf({ items }))
    expect(items.texts).toEqual(['a1b1', 'a1b2', 'a2b1', 'a2b2'])
    expect(stages[2]!.seen).toEqual([{ k: 1 }, { k: 1 }])
    expect(names(response)).toEqual(['gateway', 'a', 'b'])
    expect(response.parameters).toEqual({ b__k: 1 })
  })

  test('that no stage serves comes back as it is', async () => {
    const items = new Items()
    await walkOver([stage('a', { endpoints: ['/other'] })])(document(), callOf({ items }))
    expect(items.count).toBe(1)
  })

  test('waits at a stage until the document before it is through the next one', async () => {
    const room = deferred()
    const slow = stage('b')
    const made: string[] = []
    const first: Stage = {
      ...stage('a'),
      handle: async (request, { items }) => {
        for (const text of ['1', '2']) {
          made.push(text)
          await items?.push(withText(request, text))
        }
        return request.answer()
      },
    }
    const walking = walkOver([first, slow])(document(), callOf({ items: new Items(() => room.promise) }))
    await new Promise((resolve) => setImmediate(resolve))
    expect(made).toEqual(['1'])
    room.resolve()
    await walking
    expect(made).toEqual(['1', '2'])
  })

  test('at which a later stage fails ends the stream with that answer, and stops the stages before', async () => {
    const aborted = deferred<unknown>()
    const endless: Stage = {
      ...stage('a'),
      handle: async (request, call) => {
        for (;;) {
          await call.items?.push(request.answer())
          if (call.aborted !== undefined) {
            aborted.resolve(call.aborted)
            throw call.aborted
          }
        }
      },
    }
    const items = new Items()
    const response = await walkOver([endless, stage('b', { status: 'ERROR' })])(document(), callOf({ items }))
    expect(response.status?.code).toBe('ERROR')
    expect(response.routes.at(-1)).toMatchObject({ executor: 'b', status: { code: 'ERROR' } })
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' })
    expect(items.count).toBe(0)
  })

  test('that does not reach a later stage ends the stream with that error: it may have run', async () => {
    const unreachable: Stage = {
      ...stage('b'),
      handle: () => Promise.reject(new MillraceError('UNAVAILABLE', 'nobody', { notRun: true })),
    }
    const walking = walkOver([stage('a'), unreachable])(document(), callOf({ items: new Items() }))
    await expect(walking).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'nobody', notRun: false })
  })
})

describe('an answer of shards', () => {
  test('says in the response which of them took part, by stage', async () => {
    const coverage = { total: 2, ok: 2, failed: 0, skipped: 0 }
    const sharded = (name: string): Stage => ({
      ...stage(name),
      handle: async (request) => {
        const answer = DataRequest.decode(request.encode())
        answer.parameters = { __coverage__: { [name]: coverage } }
        answer.parts = [{ from: `${name}/shard-0`, count: 0 }]
        return answer
      },
    })
    const request = DataRequest.create({ endpoint: '/x', parameters: { a: 1 } })
    const response = await walkOver([sharded('a'), stage('b'), sharded('c')])(request, call)
    expect(response.parameters).toEqual({ a: 1, __coverage__: { a: coverage, c: coverage } })
    expect(response.parts).toBeUndefined()
  })
})

describe('an endpoint that no Executor serves', () => {
  const to = (endpoint: string, targetExecutor = ''): DataRequest =>
    DataRequest.create({ endpoint, targetExecutor, docs: new DocumentArray([new Document({ text: 'a' })]) })
  const stages = (): FakeStage[] => [
    stage('in', { passThrough: true }),
    stage('a', { endpoints: ['_jina_dry_run_', '/search'] }),
    stage('b', { endpoints: ['_jina_dry_run_', '/index'] }),
  ]

  test('returns the request with success, and is named in the log once, with the nearest name', async () => {
    const said: string[] = []
    const handle = walkOver(stages(), { said })
    for (let time = 0; time < 3; time++) expect((await handle(to('/serach'), call)).docs.texts).toEqual(['a'])
    await handle(to('/other'), call)
    expect(said).toHaveLength(2)
    expect(said[0]).toMatch(/^No Executor serves the endpoint "\/serach"\. Did you mean '\/search'\?/)
    expect(said[1]).toMatch(/"\/other"\. There are: '\/index', '\/search'\./)
  })

  test('says nothing where a stage serves it, where there is none, and where a target leaves the stage out', async () => {
    const said: string[] = []
    await walkOver(stages(), { said })(to('/search'), call)
    await walkOver(stages(), { said })(to('/search', 'b'), call)
    await walkOver([stage('a')], { said })(to('/unknown yet'), call)
    await walkOver([stage('a', { endpoints: ['/default'] })], { said })(to('/x'), call)
    await walkOver([stage('in', { passThrough: true })], { said })(to('/x'), call)
    expect(said).toEqual([])
  })

  test('is refused with the rule `error`, also of a stream', async () => {
    const handle = walkOver(stages(), { rule: 'error' })
    await expect(handle(to('/serach'), call)).rejects.toMatchObject({ code: 'NOT_FOUND', notRun: true })
    await expect(handle(to('/serach'), callOf({ items: new Items() }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
    await handle(to('/search'), call)
  })

  test('does not fill the log, whatever clients send', async () => {
    const said: string[] = []
    const handle = walkOver(stages(), { said })
    for (let time = 0; time < 300; time++) await handle(to(`/${time}\n`), call)
    expect(said).toHaveLength(100)
    expect(said.some((sentence) => sentence.includes('\n'))).toBe(false)
    expect(said.at(-1)).toContain('No further endpoints are named')
  })
})
