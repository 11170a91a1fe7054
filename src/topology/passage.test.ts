import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Budget } from '../budget/budget.js'
import type { Handler } from '../call/call.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { concatenating, joiningChanges } from '../shards/reduce.js'
import { withCoverage } from '../wire/coverage-bytes.js'
import { DataRequest } from '../wire/data-request.js'
import { compileCondition } from './condition.js'
import {
  type Doc,
  graphs,
  held,
  live,
  marking,
  reduced,
  routesOf,
  sent,
  stage,
  toEndpoint,
  walkOver,
} from './fakes.suite.js'
import type { GraphStage } from './layout.js'

describe('branches', () => {
  test('run at once, and a join gets their documents merged by id in the order of its needs', async () => {
    const slow = held()
    const seen: DataRequest[] = []
    const { handle } = walkOver([
      stage('a', { handle: slow.handle }),
      stage('b', { handle: marking('b') }),
      stage('end<b,a', {
        handle: async (request) => {
          seen.push(sent(request))
          return sent(request)
        },
      }),
    ])
    const answer = handle(toEndpoint(), live())
    expect(slow.calls).toHaveLength(1)
    slow.turn.resolve()
    const response = await answer
    expect(seen[0]!.docs.map((doc) => doc.tags)).toEqual([{ b: 1 }])
    expect(routesOf(response)).toEqual(['gateway', 'a', 'end', 'b'])
  })

  test.each([
    ['a<gateway', 'b<gateway', { a: 1 }],
    ['b<gateway', 'a<gateway', { b: 1 }],
  ])('count in the order of the needs, whichever answers first', async (first, second, tags) => {
    const names = [first[0]!, second[0]!]
    const { handle } = walkOver([
      ...names.map((name) => stage(name, { handle: marking(name) })),
      stage(`end<${names.join(',')}`, { passThrough: true }),
    ])
    const response = await handle(toEndpoint(), live())
    expect(response.docs.at(0)!.tags).toEqual(tags)
    expect(routesOf(response)).toEqual(['gateway', names[0], 'end', names[1]])
  })

  test('that no stage serves cost no hop and no merge', async () => {
    const other = { serves: ['/other'] }
    const { handle } = walkOver([stage('a', other), stage('b', other), stage('end<a,b', other)])
    const request = toEndpoint()
    const response = await handle(request, live())
    expect(response.data).toBe(request.data)
    expect(routesOf(response)).toEqual(['gateway'])
  })

  test('may come from the gateway itself', async () => {
    const { handle } = walkOver([
      stage('a', { handle: marking('a') }),
      stage('end<gateway,a', { passThrough: true }),
    ])
    const [doc] = (await handle(toEndpoint(), live())).docs
    expect(doc?.tags).toEqual({ a: 1 })
  })

  test('reach a join that concatenates as separate parts', async () => {
    const seen: DataRequest[] = []
    const { handle } = walkOver([
      stage('a', { handle: marking('a') }),
      stage('b', { handle: marking('b') }),
      stage('end<a,b', {
        join: concatenating,
        handle: async (request) => (seen.push(sent(request)), sent(request)),
      }),
    ])
    await handle(toEndpoint(), live())
    expect(seen[0]!.parts).toEqual([
      { from: 'a', count: 1 },
      { from: 'b', count: 1 },
    ])
    expect(seen[0]!.docs).toHaveLength(2)
  })

  test('have their results, parameters and coverage in one response', async () => {
    const answering =
      (name: string, failed: number): Handler =>
      async (request) => {
        const answer = sent(request)
        expect(answer.readParameters()).toMatchObject({ k: name })
        answer.parameters = { __results__: { [name]: { n: 1 } } }
        answer.parameterBytes = withCoverage(answer.parameterBytes, {
          [name]: { total: 2, ok: 2 - failed, failed, skipped: 0 },
        })
        return sent(answer)
      }
    const { handle } = walkOver([
      stage('a', { handle: answering('a', 1) }),
      stage('b', { handle: answering('b', 0) }),
      stage('end<a,b', { passThrough: true }),
    ])
    const request = sent(DataRequest.create({ endpoint: '/x', parameters: { a__k: 'a', b__k: 'b' } }))
    const { parameters } = await handle(request, live())
    expect(parameters.__results__).toEqual({ a: { n: 1 }, b: { n: 1 } })
    expect(parameters.__coverage__).toMatchObject({ a: { failed: 1 }, b: { failed: 0 } })
  })
})

describe('a join of changes', () => {
  const changes = { join: joiningChanges, joinsChanges: true, passThrough: true }
  const docs = ['1', '2'].map((id) => new Document({ id, text: id, tags: { old: 1 } }))
  const dropping =
    (gone: string): Handler =>
    async (request) => {
      const answer = sent(request)
      answer.docs = new DocumentArray([...answer.docs].filter(({ id }) => id !== gone))
      return sent(answer)
    }
  const tagsOf = ({ docs: all }: DataRequest): unknown =>
    all.map(({ id, tags }) => [id, ...Object.keys(tags)].join(' '))

  test('has what each branch changed of the answer that they began with', async () => {
    const { handle } = walkOver([
      stage('first', { handle: marking('first') }),
      stage('b<first', { handle: marking('b') }),
      stage('a<first', { handle: marking('a') }),
      stage('a2<a', { handle: marking('a2') }),
      stage('end<first,b,a2', changes),
    ])
    const response = await handle(toEndpoint('/x', docs), live())
    expect(tagsOf(response)).toEqual(['1 old first b a a2', '2 old first b a a2'])
  })

  test('lacks what a branch removed, but not what a condition left out', async () => {
    const second = compileCondition({ docs: { text: { $eq: '2' } }, parameters: null, headers: null })
    const both = (more: Partial<GraphStage>) => [
      stage('a', { handle: marking('a'), ...more }),
      stage('b', { handle: dropping('1') }),
      stage('end<a,gateway', changes),
      stage('all<b,end', changes),
    ]
    expect(tagsOf(await walkOver(both({})).handle(toEndpoint('/x', docs), live()))).toEqual(['2 old a'])
    const conditional = walkOver(
      both({ when: second })
        .slice(0, 3)
        .filter(({ name }) => name !== 'b'),
    )
    expect(tagsOf(await conditional.handle(toEndpoint('/x', docs), live()))).toEqual(['1 old', '2 old a'])
  })

  test('reserves what its branches began with until it has answered', async () => {
    const budget = new Budget(1e6)
    const call = live()
    call.memory = budget.share().account()
    const used: number[] = []
    const small: Handler = async (request) => (used.push(budget.used), toEndpoint(request.endpoint))
    const { handle } = walkOver([
      stage('first', {
        handle: async (request) =>
          sent(request.withList([new DocumentArray([{ blob: new Uint8Array(1000) }]).toProtobuf()])),
      }),
      stage('a<first', { handle: small }),
      stage('b<first', { handle: small }),
      stage('end<a,b', { ...changes, passThrough: false, handle: small }),
      stage('after<end', { handle: small }),
    ])
    await handle(toEndpoint(), call)
    expect(used.map((bytes) => bytes > 1000)).toEqual([true, true, true, false])
    expect(budget.used).toBe(0)
  })
})

describe('a branch that fails', () => {
  test('ends the request at once, aborts the others, and keeps later stages from starting', async () => {
    const slow = held()
    const late = held()
    const { handle } = walkOver([
      stage('bad', {
        handle: async () => {
          throw new MillraceError('UNAVAILABLE', 'gone', { notRun: true, retryable: true })
        },
      }),
      stage('slow', { handle: slow.handle }),
      stage('end<bad,slow', { handle: late.handle }),
    ])
    // another branch may have run
    await expect(handle(toEndpoint(), live())).rejects.toMatchObject({ code: 'UNAVAILABLE', notRun: false })
    expect(slow.calls[0]!.aborted).toMatchObject({ code: 'CANCELLED' })
    expect(late.calls).toEqual([])
  })

  test('with an error answer gives that answer', async () => {
    const slow = held()
    const { handle } = walkOver([
      stage('bad', {
        handle: async (request) => {
          const answer = sent(request)
          answer.status = { code: 'ERROR', description: 'broken' }
          return answer
        },
      }),
      stage('slow', { handle: slow.handle }),
      stage('end<slow,bad'),
    ])
    const response = await handle(toEndpoint(), live())
    expect(response.status).toMatchObject({ code: 'ERROR', description: 'broken' })
    expect(slow.calls[0]!.aborted).toBeDefined()
    expect(response.routes.find(({ executor }) => executor === 'bad')?.status?.code).toBe('ERROR')
  })

  test('of a write leaves it unknown whether the others have written', async () => {
    const unavailable: Handler = async () => {
      throw new MillraceError('UNAVAILABLE', 'gone', { notRun: true, retryable: true })
    }
    const stages = [stage('a', { handle: unavailable }), stage('b'), stage('end<a,b')]
    await expect(walkOver(stages).handle(toEndpoint('/index'), live())).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
    })
  })

  test('to join has the name of the join', async () => {
    const { handle } = walkOver([
      stage('a'),
      stage('b'),
      stage('end<a,b', {
        join: () => {
          throw new Error('cannot')
        },
      }),
    ])
    await expect(handle(toEndpoint(), live())).rejects.toMatchObject({
      where: { deployment: 'end' },
      message: expect.stringContaining('cannot'),
    })
  })
})

test('a caller that leaves aborts all branches', async () => {
  const branches = [held(), held()]
  const { handle } = walkOver([
    ...branches.map((one, index) => stage(`s${index}`, { handle: one.handle })),
    stage('end<s0,s1'),
  ])
  const call = live()
  const answer = handle(toEndpoint(), call)
  call.abort(new MillraceError('CANCELLED', 'left'))
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED', message: 'left' })
  expect(branches.map(({ calls }) => calls[0]?.aborted?.message)).toEqual(['left', 'left'])
  await expect(handle(toEndpoint(), call)).rejects.toMatchObject({ message: 'left' })
})

test('the answers of branches are reserved until the join has answered, and nothing afterwards', async () => {
  const budget = new Budget(1e6)
  const call = live()
  call.memory = budget.share().account()
  const used: number[] = []
  const large: Handler = async (request) =>
    sent(request.withList([new DocumentArray([new Document({ blob: new Uint8Array(1000) })]).toProtobuf()]))
  const noting: Handler = async (request) => (used.push(budget.used), toEndpoint(request.endpoint))
  const { handle } = walkOver([
    stage('a', { handle: large }),
    stage('b', { handle: large }),
    stage('end<a,b', { handle: noting }),
    stage('after<end', { handle: noting }),
  ])
  await handle(toEndpoint(), call)
  expect(used[0]).toBeGreaterThan(2000)
  expect(used[1]).toBeLessThan(200)
  expect(budget.used).toBe(0)
})

describe('a condition', () => {
  const anything = { docs: null, parameters: null, headers: null }
  const long = compileCondition({ ...anything, docs: { text: { $regex: '^long' } } })
  const short = compileCondition({ ...anything, docs: { $not: { text: { $regex: '^long' } } } })
  const docs = ['long 1', 'short 2', 'long 3', 'short 4'].map(
    (text) => new Document({ id: text.at(-1)!, text }),
  )

  test('sends documents along different branches, and they come back in the order of the request', async () => {
    const { handle } = walkOver([
      stage('a', { when: long, handle: marking('a') }),
      stage('b', { when: short, handle: marking('b') }),
      stage('end<a,b', { passThrough: true }),
    ])
    const response = await handle(toEndpoint('/x', docs), live())
    expect(response.docs.map(({ id, tags }) => [id, ...Object.keys(tags)])).toEqual([
      ['1', 'a'],
      ['2', 'b'],
      ['3', 'a'],
      ['4', 'b'],
    ])
  })

  test('leaves out documents for the stages behind it too', async () => {
    const { handle } = walkOver([stage('a', { when: long }), stage('b<a', { handle: marking('b') })])
    const response = await handle(toEndpoint('/x', docs), live())
    expect(response.docs.map(({ id }) => id)).toEqual(['1', '3'])
  })

  test('that no document fulfils costs no hop, at any stage of its branch', async () => {
    const never: Handler = () => Promise.reject(new Error('was asked'))
    const { handle, said } = walkOver([
      stage('a', { when: long, handle: never }),
      stage('a2<a', { handle: never }),
      stage('a3<a2', { floating: true, handle: never }),
      stage('b', { handle: marking('b') }),
      stage('none<a2,a', { handle: never }),
      stage('end<none,b', { handle: marking('end') }),
    ])
    const response = await handle(toEndpoint('/x', [docs[1]!]), live())
    expect(response.docs.map(({ id, tags }) => [id, ...Object.keys(tags)])).toEqual([['2', 'b', 'end']])
    expect(routesOf(response)).toEqual(['gateway', 'end', 'b'])
    expect(said).toEqual([])
    const alone = walkOver([stage('a', { when: long, handle: never })])
    expect((await alone.handle(toEndpoint('/x', [docs[1]!]), live())).docs).toHaveLength(0)
  })

  test('filters each branch of a join before they are merged', async () => {
    const seen: DataRequest[] = []
    const { handle } = walkOver([
      stage('a'),
      stage('b'),
      stage('end<a,b', {
        when: long,
        join: concatenating,
        handle: async (request) => (seen.push(sent(request)), sent(request)),
      }),
    ])
    await handle(toEndpoint('/x', docs), live())
    expect(seen[0]!.parts).toEqual([
      { from: 'a', count: 2 },
      { from: 'b', count: 2 },
    ])
  })

  test('on parameters is about those for its stage', async () => {
    const when = compileCondition({ ...anything, parameters: { on: { $eq: true } } })
    const { handle } = walkOver([
      stage('a', { when, handle: marking('a') }),
      stage('b<gateway', { handle: marking('b') }),
      stage('end<a,b', { passThrough: true }),
    ])
    const tagsWith = async (parameters: Record<string, unknown>): Promise<unknown> => {
      const request = sent(
        DataRequest.create({ endpoint: '/x', parameters, docs: new DocumentArray([docs[0]!]) }),
      )
      return (await handle(request, live())).docs.at(0)!.tags
    }
    expect(await tagsWith({})).toEqual({ b: 1 })
    expect(await tagsWith({ b__on: true })).toEqual({ b: 1 })
    expect(await tagsWith({ a__on: true })).toEqual({ a: 1 })
  })

  test('does not apply to a stage that the request goes by', async () => {
    const { handle } = walkOver([stage('a', { when: long, serves: ['/other'] })])
    expect((await handle(toEndpoint('/x', docs), live())).docs).toHaveLength(4)
  })
})

describe('a stage that no answer waits for', () => {
  test('runs on after the answer, and starts those behind it', async () => {
    const first = held()
    const second = held()
    const { handle, background } = walkOver([
      stage('a'),
      stage('log<a', { floating: true, handle: first.handle }),
      stage('more<log', { floating: true, handle: second.handle }),
      stage('end<a'),
    ])
    const call = live()
    const response = await handle(toEndpoint(), call)
    expect(routesOf(response)).toEqual(['gateway', 'a', 'log', 'end'])
    call.abort(new MillraceError('CANCELLED', 'the client has its answer'))
    expect(background.counts('log')).toEqual({ running: 1, failed: 0 })
    first.turn.resolve()
    await expect.poll(() => second.calls.length).toBe(1)
    const drained = background.drain(60_000)
    second.turn.resolve()
    await drained
    expect(background.counts('more')).toEqual({ running: 0, failed: 0 })
  })

  test('that fails is counted and logged, and changes no answer', async () => {
    const { handle, background, said } = walkOver([
      stage('a'),
      stage('log<gateway', {
        floating: true,
        handle: async () => {
          throw new MillraceError('UNAVAILABLE', 'gone')
        },
      }),
    ])
    for (let time = 0; time < 3; time++) {
      const response = await handle(toEndpoint(), live())
      expect(response.status).toBeUndefined()
    }
    await background.drain(1000)
    expect(background.counts('log')).toEqual({ running: 0, failed: 3 })
    expect(said).toEqual([
      'log: a request that no answer waits for failed. gone',
      'log: 2 requests that no answer waits for failed. The last one: gone',
    ])
  })

  test('is dropped, counted and logged when too many run', async () => {
    const slow = held()
    const stages = [stage('a'), stage('log<a', { floating: true, handle: slow.handle })]
    for (const limits of [{ maxRequests: 1 }, { maxBytes: 20 }]) {
      const { handle, background, said } = walkOver(stages, limits)
      await handle(toEndpoint(), live())
      await handle(toEndpoint(), live())
      expect(background.counts('log').failed).toBe(1)
      expect(said[0]).toMatch(/^log: .* dropped/)
      slow.turn.resolve()
      await background.drain(1000)
    }
  })

  test('is cancelled when the gateway closes and it is not done in time', async () => {
    const slow = held()
    const { handle, background, said } = walkOver([stage('log', { floating: true, handle: slow.handle })])
    const response = await handle(toEndpoint(), live())
    expect(response.docs.at(0)!.text).toBe('one')
    await background.drain(1)
    expect(slow.calls[0]!.aborted).toMatchObject({ code: 'CANCELLED' })
    expect(said.at(-1)).toMatch(/gateway closed/)
  })
})

/** What a stage does to documents: adds a tag, drops one, adds one, or empties the text of one. */
function changed(docs: readonly Doc[], index: number): Doc[] {
  const tagged = docs.map((doc) => ({
    ...doc,
    tags: doc.tags[`s${index - 1}`] === 1 ? {} : { ...doc.tags, [`s${index}`]: 1 },
  }))
  if (index % 3 === 1) return tagged.slice(1)
  if (index % 3 === 2) return [...tagged, { id: `new${index}`, tags: {}, text: `from ${index}` }]
  return tagged.map((doc, at) => (at === 0 ? { ...doc, text: '' } : doc))
}

test('random graphs give the documents of a naive reference', async () => {
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.uniqueArray(fc.constantFrom('1', '2', '3', '4'), { minLength: 1 }),
      fc.array(fc.nat({ max: 3 })),
      async (needs, ids, delays) => {
        const input = ids.map((id): Doc => ({ id, tags: {}, text: `text ${id}` }))
        const stages = needs.map((edges, index) =>
          stage(`s${index}<${edges.map((edge) => (edge === 0 ? 'gateway' : `s${edge - 1}`)).join(',')}`, {
            handle: async (request) => {
              for (let turn = 0; turn < (delays[index] ?? 0); turn++) await new Promise(setImmediate)
              const docs = [...request.docs].map(({ id, tags, text }) => ({ id, tags, text }))
              const answer = DataRequest.create({
                endpoint: '/x',
                docs: new DocumentArray(changed(docs, index).map((doc) => new Document(doc))),
              })
              return sent(answer)
            },
          }),
        )
        const outputs: Doc[][] = [input]
        for (const [index, edges] of needs.entries()) {
          const [only, ...others] = edges.map((edge) => outputs[edge]!)
          outputs.push(changed(others.length === 0 ? only! : reduced([only!, ...others]), index))
        }
        const { handle, background } = walkOver(stages)
        const response = await handle(
          toEndpoint(
            '/x',
            input.map((doc) => new Document(doc)),
          ),
          live(),
        )
        const got = [...response.docs].map(({ id, tags, text }) => ({ id, tags, text }))
        expect(got).toEqual(outputs.at(-1))
        await background.drain(60_000)
      },
    ),
  )
})
