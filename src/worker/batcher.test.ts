import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callOf } from '../call/call.suite.js'
import type { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import type { Batching } from '../executor/batching.js'
import { constructWith } from '../executor/construction.js'
import type { HandlerContext, HandlerMethod } from '../executor/context.js'
import { endpointsOf } from '../executor/endpoints.js'
import { Executor } from '../executor/executor.js'
import { loggerOf, requestOf } from '../executor/fixtures.suite.js'
import type { Target } from '../executor/invoke.js'
import { deferred, type Deferred } from '../lib/deferred.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { seeded } from '../lib/seeded.js'
import type { DataRequest } from '../wire/data-request.js'
import { Batcher } from './batcher.js'
import { Lane } from './lane.js'

const textsOf = (docs: Iterable<Document>): string[] => [...docs].map(({ text }) => text)

function targetOf(handler: HandlerMethod, onError?: (error: unknown) => void): Target {
  class Subject extends Executor {
    static override requests = { '/x': 'method' }
    method() {}
  }
  Object.defineProperty(Subject.prototype, 'method', { value: handler })
  const metas = { name: 'Subject', description: '', workspace: '' }
  const { runtimeArgs } = new Subject()
  const construction = { metas, runtimeArgs, requests: new Map(), logger: loggerOf([]), holder: null }
  const executor = constructWith(construction, () => new Subject())
  const endpoint = endpointsOf(Subject).get('/x')!
  return { executor, endpoint, podName: 'exec/rep-0', deployment: 'exec', ...(onError && { onError }) }
}

interface Setup extends Partial<Batching> {
  readonly handler?: HandlerMethod
  readonly capacity?: number
  readonly concurrency?: number
  readonly onThrow?: (error: unknown) => void
}

/** A batcher whose batches run until `finish()`, unless the test has a handler. */
function batcherOf({ handler, capacity = 100_000, concurrency = 1, onThrow, ...options }: Setup = {}) {
  const clock = new HandClock()
  const yieldToLoop = (wake: () => void): void => queueMicrotask(wake)
  const lane = new Lane({ limit: null, capacity, clock, yieldToLoop, busyMs: () => clock.now() })
  const begun: { texts: string[]; context: HandlerContext; gate: Deferred }[] = []
  const shout: HandlerMethod = async (docs, context) => {
    const gate = deferred()
    begun.push({ texts: textsOf(docs), context, gate })
    await gate.promise
    for (const doc of docs) doc.text += '!'
  }
  const batching: Batching = { size: 4, timeoutMs: 100, idle: 'flush', onError: 'fail', ...options }
  const batcher = new Batcher(targetOf(handler ?? shout, onThrow), {
    batching,
    lane,
    concurrency,
    clock,
    yieldToLoop,
  })
  const send = (
    texts: readonly string[],
    { call = callOf(), parameters = {} }: { call?: Scope; parameters?: Record<string, unknown> } = {},
  ) => {
    const request = requestOf('/x', { texts, ...(Object.keys(parameters).length > 0 && { parameters }) })
    const answer = batcher.run(request, call)
    answer.catch(() => {})
    return answer
  }
  return {
    ...{ batcher, lane, clock, begun, send },
    batches: () => begun.map(({ texts }) => texts),
    async finish(error?: Error) {
      const { gate } = begun.at(-1)!
      if (error === undefined) gate.resolve()
      else gate.reject(error)
      await settle()
    },
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const texts = async (answer: Promise<DataRequest>): Promise<string[]> => textsOf((await answer).docs)

describe('joining', () => {
  test('a lone request runs at once', () => {
    const { send, batches } = batcherOf()
    void send(['a'])
    expect(batches()).toEqual([['a']])
  })

  test('requests that arrive while a batch runs are cut into batches that are never larger than size', async () => {
    const { send, batches, finish, lane } = batcherOf()
    const answers = [send(['a']), send(['b', 'c', 'd']), send(['e', 'f', 'g', 'h', 'i', 'j']), send(['k'])]
    expect(lane.inFlight).toBe(4)
    while (batches().length < 4) await finish()
    await finish()
    expect(batches()).toEqual([['a'], ['b', 'c', 'd', 'e'], ['f', 'g', 'h', 'i'], ['j', 'k']])
    const all = await Promise.all(answers.map(texts))
    expect(all).toEqual([['a!'], ['b!', 'c!', 'd!'], ['e!', 'f!', 'g!', 'h!', 'i!', 'j!'], ['k!']])
    expect(lane.inFlight).toBe(0)
  })

  test('documents count what their weight says, and one above size runs alone', async () => {
    const { send, batches, finish } = batcherOf({ weight: ({ text }) => text.length })
    const answers = [send(['a']), send(['bbb', 'c', 'd']), send(['eeeeeeee', 'f']), send(['ggg', 'hh'])]
    while (batches().length < 6) await finish()
    await finish()
    expect(batches()).toEqual([['a'], ['bbb', 'c'], ['d'], ['eeeeeeee'], ['f', 'ggg'], ['hh']])
    expect(await Promise.all(answers.map(texts))).toEqual([
      ['a!'],
      ['bbb!', 'c!', 'd!'],
      ['eeeeeeee!', 'f!'],
      ['ggg!', 'hh!'],
    ])
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '2'])(
    'a weight of %s fails the request that has it, and no other',
    async (weight) => {
      const { batcher, send, finish, lane } = batcherOf({
        weight: ({ text }) => (text === 'bad' ? (weight as number) : 1),
      })
      const good = send(['a'])
      const { status } = await batcher.run(requestOf('/x', { texts: ['b', 'bad'] }), callOf())
      expect(status).toMatchObject({
        code: 'ERROR',
        description: expect.stringContaining('is a number above 0') as string,
      })
      await finish()
      expect(await texts(good)).toEqual(['a!'])
      expect(lane.inFlight).toBe(0)
    },
  )

  test('random weights: no batch is heavier than size, unless it has one document, and every request has its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 12 }),
        async (requests, size) => {
          const { send, batches, finish } = batcherOf({
            size,
            weight: ({ text }) => Number(text.split(' ')[0]),
          })
          const sent = requests.map((weights, at) =>
            weights.map((weight, index) => `${weight} ${at}.${index}`),
          )
          const answers = Promise.all(sent.map((one) => texts(send(one))))
          let isDone = false
          void answers.then(() => (isDone = true))
          while (!isDone) await finish()
          expect(await answers).toEqual(sent.map((one) => one.map((text) => `${text}!`)))
          for (const batch of batches()) {
            const total = batch.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0)
            expect(batch.length === 1 || total <= size).toBe(true)
          }
          expect(batches().flat().toSorted()).toEqual(sent.flat().toSorted())
        },
      ),
      { numRuns: 50 },
    )
  })

  test('a request is answered as soon as its own documents are done', async () => {
    const { send, finish } = batcherOf()
    void send(['a'])
    const short = send(['b'])
    const long = send(['c', 'd', 'e', 'f', 'g'])
    let longIsDone = false
    void long.then(() => (longIsDone = true))
    await finish()
    await finish()
    expect(await texts(short)).toEqual(['b!'])
    expect(longIsDone).toBe(false)
    await finish()
    expect(await texts(long)).toEqual(['c!', 'd!', 'e!', 'f!', 'g!'])
  })

  test('only requests with the same parameters share a batch, and groups take turns', async () => {
    const { send, batches, finish, begun } = batcherOf({ size: 2 })
    void send(['a'], { parameters: { k: 0 } })
    for (const text of ['b', 'c', 'd']) void send([text], { parameters: { k: 1 } })
    for (const text of ['e', 'f']) void send([text], { parameters: { k: 2 } })
    while (batches().length < 4) await finish()
    expect(batches()).toEqual([['a'], ['b', 'c'], ['e', 'f'], ['d']])
    expect(begun.map(({ context }) => context.parameters.k)).toEqual([0, 1, 2, 1])
  })

  test('after a batch the next one waits for its senders, for a tenth of the time that the batch took, or three while they arrive', async () => {
    const { send, batches, finish, clock } = batcherOf({ size: 8 })
    for (const text of ['a', 'b', 'c']) void send([text])
    await finish()
    clock.move(40)
    await finish()
    void send(['d'])
    expect(batches()).toEqual([['a'], ['b', 'c']])
    void send(['e'])
    expect(batches()).toEqual([['a'], ['b', 'c'], ['d', 'e']])
    clock.move(40)
    await finish()
    clock.move(30)
    void send(['f'])
    clock.move(3)
    await settle()
    expect(batches()).toHaveLength(3)
    clock.move(1)
    await settle()
    expect(batches().at(-1)).toEqual(['f'])
    clock.move(40)
    await finish()
    void send(['g'])
    expect(batches().at(-1)).toEqual(['g'])
  })

  test('requests that are queued wait for the first of those senders, for three tenths of that time', async () => {
    const { send, batches, finish, clock } = batcherOf({ size: 8 })
    void send(['a'])
    for (const text of ['b', 'c', 'd']) void send([text])
    await finish()
    void send(['e'])
    clock.move(40)
    await finish()
    for (const ms of [4, 4, 3]) {
      clock.move(ms)
      await settle()
    }
    expect(batches()).toHaveLength(2)
    for (const text of ['f', 'g', 'h']) void send([text])
    expect(batches().at(-1)).toEqual(['e', 'f', 'g', 'h'])
    void send(['i'])
    clock.move(40)
    await finish()
    for (const ms of [4, 4, 4]) {
      expect(batches()).toHaveLength(3)
      clock.move(ms)
      await settle()
    }
    expect(batches().at(-1)).toEqual(['i'])
  })

  test('that wait is longer while requests arrive, and there is none after a pause', async () => {
    const { send, batches, finish, clock } = batcherOf({ size: 8 })
    void send(['a'])
    for (const text of ['b', 'c', 'd', 'e', 'f']) void send([text])
    await finish()
    clock.move(40)
    await finish()
    for (const text of ['g', 'h', 'i', 'j']) {
      void send([text])
      clock.move(3)
      await settle()
    }
    expect(batches()).toHaveLength(2)
    clock.move(4)
    await settle()
    expect(batches().at(-1)).toEqual(['g', 'h', 'i', 'j'])
    clock.move(40)
    await finish()
    clock.move(100)
    void send(['k'])
    expect(batches().at(-1)).toEqual(['k'])
  })

  test('adaptive: the size follows the time that batches take', async () => {
    const { send, batches, finish, clock, batcher } = batcherOf({ size: 64, adaptive: { targetMs: 20 } })
    const sizes = async (count: number, eachMs: number) => {
      for (let sent = 0; sent < 64 * count; sent++) void send(['a'])
      const ended: number[] = []
      while (ended.length < count) {
        const { length } = batches().at(-1)!
        clock.move(length * eachMs)
        await finish()
        ended.push(length)
      }
      return ended
    }
    void send(['first'])
    await finish()
    // a batch of one says nothing, then 20 ms are 32 documents, later 10
    expect(await sizes(6, 0.625)).toEqual([1, 4, 8, 16, 32, 64])
    expect(await sizes(4, 0.625)).toEqual([32, 33, 29, 30])
    expect(await sizes(8, 2)).toEqual([31, 15, 10, 11, 10, 11, 10, 11])
    expect(batcher.room).toBe(2 * batcher.figures.size)
  })

  test('adaptive: batches that fail or are aborted, and those that are not full, leave the size', async () => {
    const { send, finish, clock, batcher } = batcherOf({ size: 64, adaptive: { targetMs: 20 } })
    void send(['first'])
    await finish()
    for (let batch = 0; batch < 3; batch++) {
      for (let sent = 0; sent < 4; sent++) void send(['a'])
      if (batch === 0) await finish() // the first of them ran alone
      clock.move(batch === 1 ? 100 : 1)
      await finish(batch === 2 ? undefined : new Error('no'))
    }
    expect(batcher.figures.size).toBe(4)
  })

  test('figures count the documents of each batch and the wait of each request', async () => {
    const { send, finish, clock, batcher } = batcherOf({ size: 4 })
    void send(['a'])
    void send(['b', 'c', 'd', 'e', 'f'])
    clock.move(30)
    await finish()
    await finish()
    await finish()
    const { endpoint, size, documents, waitMs } = batcher.figures
    expect({ endpoint, size }).toEqual({ endpoint: '/x', size: 4 })
    expect({ sum: documents.sum, counts: documents.counts.slice(0, 4) }).toEqual({
      sum: 6,
      counts: [2, 0, 1, 0],
    })
    expect(waitMs.sum).toBe(30)
  })

  test("idle: 'wait' waits for size or timeoutMs, counted from the oldest request", async () => {
    const { send, batches, finish, clock } = batcherOf({ idle: 'wait' })
    void send(['a'])
    clock.move(60)
    void send(['b'])
    clock.move(39)
    expect(batches()).toEqual([])
    clock.move(1)
    expect(batches()).toEqual([['a', 'b']])
    await finish()
    for (const text of ['c', 'd', 'e', 'f', 'g']) void send([text])
    expect(batches()).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e', 'f'],
    ])
    await finish()
    expect(batches()).toHaveLength(2)
    clock.move(100)
    expect(batches().at(-1)).toEqual(['g'])
    await finish()
    expect(clock.timers).toBe(0)
  })

  test('further batches start beside a running one when they are full, or due', async () => {
    const { send, batches, clock } = batcherOf({ concurrency: 3 })
    void send(['a'])
    void send(['b'])
    expect(batches()).toEqual([['a']])
    void send(['c', 'd', 'e'])
    expect(batches()).toEqual([['a'], ['b', 'c', 'd', 'e']])
    void send(['f'])
    clock.move(100)
    await settle()
    expect(batches().at(-1)).toEqual(['f'])
  })

  test('after flush() nothing waits', async () => {
    const { send, batches, batcher, lane, finish } = batcherOf({ idle: 'wait' })
    const answer = send(['a'])
    batcher.flush()
    expect(batches()).toEqual([['a']])
    const idle = lane.idle()
    await finish()
    await idle
    expect(await texts(answer)).toEqual(['a!'])
  })

  test('a request without documents runs alone', async () => {
    const { send, batches, finish } = batcherOf()
    void send(['a'])
    const empty = send([])
    expect(batches()).toEqual([['a'], []])
    await finish()
    expect(await texts(empty)).toEqual([])
  })

  test('more requests than the replica takes are refused', async () => {
    const { send, lane } = batcherOf({ capacity: 2 })
    void send(['a'])
    void send(['b'])
    await expect(send(['c'])).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED', notRun: true })
    expect(lane.inFlight).toBe(2)
  })

  test('the room for requests shrinks when requests have more documents', () => {
    const { send, batcher } = batcherOf({ size: 32 })
    expect(batcher.room).toBe(64)
    for (let count = 0; count < 100; count++) void send(['a', 'b', 'c', 'd'])
    expect(batcher.room).toBe(17)
    expect(batcherOf({ idle: 'wait' }).batcher.room).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('results', () => {
  test('a new array of the same length is divided by position', async () => {
    const handler: HandlerMethod = async (docs) => {
      await settle()
      return new DocumentArray([...docs].map(({ text }) => new Document({ text: `${text}?` })))
    }
    const { send } = batcherOf({ handler })
    const answers = [send(['a']), send(['b', 'c']), send(['d'])]
    expect(await Promise.all(answers.map(texts))).toEqual([['a?'], ['b?', 'c?'], ['d?']])
  })

  test.each<[string, HandlerMethod, RegExp]>([
    ['fewer documents', (docs) => docs.slice(1), /got a batch of 1 documents and gave 0/],
    ['more documents', (docs) => void docs.push(new Document()), /got a batch of 1 documents and gave 2/],
    ['a plain object', () => ({ n: 1 }), /returned a plain object, which cannot be divided/],
    ['a generator', () => [new Document()].values(), /returned a generator/],
  ])('%s cannot be divided', async (_, handler, message) => {
    const { send } = batcherOf({ handler, onError: 'isolate' })
    const { status } = await send(['a'])
    expect(status?.code).toBe('ERROR')
    expect(status?.description).toMatch(message)
  })

  test('documents in another order are refused, because they would reach the wrong requests', async () => {
    const handler: HandlerMethod = async (docs) => {
      await settle()
      return new DocumentArray([...docs].toReversed())
    }
    const { send } = batcherOf({ handler })
    const [, second, third] = await Promise.all([send(['a']), send(['b']), send(['c'])])
    for (const answer of [second!, third!])
      expect(answer.status?.description).toMatch(/changed the order of the documents/)
  })
})

describe('errors and cancellation', () => {
  test('an error fails every request of its batch, and no other', async () => {
    const { send, finish } = batcherOf({ size: 2 })
    const answers = ['a', 'b', 'c', 'd'].map((text) => send([text]))
    await finish()
    await finish(new Error('out of memory'))
    await finish()
    const codes = (await Promise.all(answers)).map(({ status }) => status?.code)
    expect(codes).toEqual([undefined, 'ERROR', 'ERROR', undefined])
  })

  test('the rest of a request of which a part failed does not run', async () => {
    const { send, finish, batches, lane } = batcherOf({ size: 2 })
    const answer = send(['a', 'b', 'c', 'd', 'e'])
    await finish(new Error('no'))
    expect((await answer).status?.code).toBe('ERROR')
    expect(batches()).toEqual([['a', 'b']])
    expect(lane.inFlight).toBe(0)
  })

  test("onError: 'isolate' finds the request that causes the error by halving", async () => {
    const calls: string[][] = []
    const errors: unknown[] = []
    const handler: HandlerMethod = async (docs) => {
      calls.push(textsOf(docs))
      await settle()
      if (textsOf(docs).includes('poison')) throw new Error('no')
      for (const doc of docs) doc.text += '!'
    }
    const { send } = batcherOf({
      size: 8,
      handler,
      onError: 'isolate',
      onThrow: (error) => errors.push(error),
    })
    const answers = ['first', 'a', 'b', 'c', 'poison', 'd'].map((text) => send([text]))
    const all = await Promise.all(answers)
    expect(all.map(({ status }) => status?.code)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'ERROR',
      undefined,
    ])
    expect(all.map(({ docs }) => docs.at(0)!.text)).toEqual(['first!', 'a!', 'b!', 'c!', 'poison', 'd!'])
    expect(calls).toEqual([
      ['first'],
      ['a', 'b', 'c', 'poison', 'd'],
      ['a', 'b', 'c'],
      ['poison', 'd'],
      ['poison'],
      ['d'],
    ])
    expect(errors).toHaveLength(1)
  })

  test('a request that is cancelled in the queue does not run', async () => {
    const { send, batches, finish, lane } = batcherOf()
    const call = callOf()
    void send(['a'])
    const cancelled = send(['b'], { call })
    void send(['c'])
    const reason = new MillraceError('CANCELLED', 'gone')
    call.abort(reason)
    await expect(cancelled).rejects.toBe(reason)
    expect(lane.inFlight).toBe(2)
    await finish()
    expect(batches()).toEqual([['a'], ['c']])
  })

  test('the signal of a batch aborts when all its requests have left', async () => {
    const { send, begun, finish } = batcherOf()
    const [one, other] = [callOf(), callOf()]
    void send(['a'])
    void send(['b'], { call: one })
    void send(['c'], { call: other })
    await finish()
    const { signal } = begun[1]!.context
    one.abort(new MillraceError('CANCELLED', 'gone'))
    expect(signal.aborted).toBe(false)
    other.abort(new MillraceError('CANCELLED', 'gone'))
    expect(signal.aborted).toBe(true)
  })

  test('a request whose deadline passes in the queue does not run', async () => {
    const { send, batches, clock, finish } = batcherOf()
    void send(['a'])
    const late = send(['b'], { call: callOf({ deadline: 50 }) })
    const other = send(['c'], { call: callOf({ deadline: 500 }) })
    clock.move(60)
    await finish()
    for (let tenth = 0; tenth < 3; tenth++) {
      clock.move(6) // the batch of c waits for the sender of a
      await settle()
    }
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', notRun: true })
    expect(batches()).toEqual([['a'], ['c']])
    await finish()
    expect(await texts(other)).toEqual(['c!'])
  })

  test('the context of a batch has no headers of a single caller, and the latest deadline', async () => {
    const { send, begun, finish } = batcherOf()
    void send(['a'])
    void send(['b'], { call: callOf({ deadline: 700, headers: { tenant: 'b' } }) })
    void send(['c'], { call: callOf({ deadline: 900, headers: { tenant: 'c' } }) })
    await finish()
    const { context } = begun[1]!
    expect(context.headers).toEqual({})
    expect(context.deadline).toBe(900)
    expect(context.docsMatrix).toBeNull()
    expect(context.docsMap).toEqual({})
    expect(context.endpoint).toBe('/x')
  })
})

interface RandomRun extends Partial<Batching> {
  readonly seed: number
  readonly concurrency: number
  /** A document counts as much as its text says, and not 1. */
  readonly weighs?: boolean
}

test.each([
  { seed: 1, idle: 'flush', onError: 'fail', concurrency: 1 },
  { seed: 2, idle: 'wait', onError: 'isolate', concurrency: 1 },
  { seed: 3, idle: 'flush', onError: 'isolate', concurrency: 3 },
  { seed: 4, idle: 'flush', onError: 'isolate', concurrency: 1, weighs: true },
  { seed: 5, idle: 'flush', onError: 'fail', concurrency: 1, adaptive: { targetMs: 12 } },
  { seed: 6, idle: 'flush', onError: 'isolate', concurrency: 3, weighs: true, adaptive: { targetMs: 12 } },
  { seed: 7, idle: 'wait', onError: 'fail', concurrency: Number.POSITIVE_INFINITY, weighs: true },
] satisfies readonly RandomRun[])(
  'of 10,000 requests with errors, cancellations, deadlines and parameters each gets its own documents: %j',
  async ({ seed, weighs = false, ...options }: RandomRun) => {
    const random = seeded(seed)
    const pick = (below: number): number => Math.floor(random() * below)
    const size = 8
    const weightOf = ({ text }: Document): number => (weighs ? 1 + (text.length % 3) : 1)
    let largest = 0
    let running = 0
    let mostRunning = 0
    let clock: HandClock
    const handler: HandlerMethod = async (docs, { parameters }) => {
      const weight = [...docs].reduce((sum, document) => sum + weightOf(document), 0)
      if (docs.length > 1) largest = Math.max(largest, weight)
      mostRunning = Math.max(mostRunning, ++running)
      const suffix = String(parameters.k)
      const done = deferred()
      clock.after(1 + pick(20), () => done.resolve())
      await done.promise
      running--
      if (textsOf(docs).some((text) => text.startsWith('poison'))) throw new Error('poison')
      if (pick(2) === 0)
        return new DocumentArray([...docs].map(({ text }) => new Document({ text: text + suffix })))
      for (const doc of docs) doc.text += suffix
      return undefined
    }
    const made = batcherOf({
      ...{ size, timeoutMs: 30, handler, ...options },
      ...(weighs && { weight: weightOf }),
    })
    clock = made.clock
    const counts = { answered: 0, failed: 0, cancelled: 0, expired: 0, innocent: 0 }
    const open = new Set<number>()
    for (let number = 0; number < 10_000; number++) {
      const isPoisoned = pick(50) === 0
      const own = Array.from(
        { length: 1 + pick(pick(10) === 0 ? 20 : 3) },
        (_, index) => `${isPoisoned ? 'poison' : 'doc'}-${number}-${index}-`,
      )
      const k = pick(3)
      const mayExpire = pick(10) === 0
      const call = callOf({ ...(mayExpire && { deadline: clock.now() + pick(60) }) })
      if (pick(10) === 0) clock.after(pick(60), () => call.abort(new MillraceError('CANCELLED', 'gone')))
      open.add(number)
      made.send(own, { call, parameters: { k } }).then(
        (answer) => {
          expect(open.delete(number)).toBe(true)
          if (answer.status?.code === 'ERROR') {
            counts.failed++
            if (!isPoisoned) counts.innocent++
            return
          }
          counts.answered++
          expect(isPoisoned).toBe(false)
          expect(textsOf(answer.docs)).toEqual(own.map((text) => text + k))
        },
        (error: unknown) => {
          expect(open.delete(number)).toBe(true)
          if (!MillraceError.is(error)) throw error
          if (error.code === 'CANCELLED') counts.cancelled++
          else if (error.code === 'DEADLINE_EXCEEDED') counts.expired++
          else throw error
        },
      )
      if (pick(4) === 0) {
        clock.move(1 + pick(12))
        await settle()
      }
    }
    while (open.size > 0) {
      clock.move(10)
      await settle()
    }
    await made.lane.idle()
    expect(made.lane.inFlight).toBe(0)
    expect(largest).toBe(size)
    if (options.concurrency === Number.POSITIVE_INFINITY) expect(mostRunning).toBeGreaterThan(3)
    else expect(mostRunning).toBe(options.concurrency)
    const { documents, waitMs } = made.batcher.figures
    expect(documents.sum).toBeGreaterThan(10_000)
    expect(waitMs.counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(10_000)
    expect(counts.answered + counts.failed + counts.cancelled + counts.expired).toBe(10_000)
    for (const count of [counts.answered, counts.failed, counts.cancelled, counts.expired])
      expect(count).toBeGreaterThan(10)
    if (options.onError === 'isolate') expect(counts.innocent).toBe(0)
  },
)
