import { expect } from 'vitest'
import type { Call } from '../call/call.js'
import { callOf as call, Items } from '../call/call.suite.js'
import type { AbortListener } from '../call/cancellation.js'
import type { Observation } from '../call/observation.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { ask, askStream, description, failureOf, fakeService, type TransportCases } from './fixture.suite.js'

/** What every kind of transport does with single requests. */
export function callCases({ it, open }: TransportCases): void {
  it('carries a request there and the answer back', async () => {
    const { channel } = await open(
      fakeService({
        handle(request) {
          const answer = request.answer()
          answer.parameters = { heard: request.parameters.said, at: request.endpoint }
          return Promise.resolve(answer)
        },
      }),
    )
    const request = DataRequest.create({ endpoint: '/echo', parameters: { said: 'hallo' } })
    const answer = await channel.handle(request, call())
    expect(answer.requestId).toBe(request.requestId)
    expect(answer.parameters).toEqual({ heard: 'hallo', at: '/echo' })
  })

  it('passes on what is observed there before the answer, for observed calls only', async () => {
    const seen: boolean[] = []
    const { channel } = await open(
      fakeService({
        async handle(request, { observation, items }) {
          seen.push(observation !== undefined)
          observation?.event({ name: 'worker.started', queueMs: 1 })
          await items?.push(request.answer())
          observation?.event({ name: 'worker.finished', handlerMs: 2, isFailure: false })
          if (request.endpoint === '/fails') throw new MillraceError('UNAVAILABLE', 'no')
          return request.answer()
        },
      }),
    )
    const heard: string[] = []
    const observation: Observation = {
      child: () => observation,
      event: ({ name }) => void heard.push(name),
      end() {},
    }
    const outcomeOf = async (request: DataRequest, parts: Partial<Call>): Promise<string[]> => {
      const outcome = channel.handle(request, Object.assign(call(), parts)).then(
        () => 'answered',
        () => 'failed',
      )
      return outcome.then((last) => [...heard.splice(0), last])
    }
    const both = ['worker.started', 'worker.finished']
    expect(await outcomeOf(ask(), { observation })).toEqual([...both, 'answered'])
    expect(await outcomeOf(ask('/fails'), { observation })).toEqual([...both, 'failed'])
    expect(await outcomeOf(askStream(), { observation, items: new Items() })).toEqual([...both, 'answered'])
    expect(await outcomeOf(ask(), {})).toEqual(['answered'])
    expect(seen).toEqual([true, true, true, false])
  })

  it('keeps calls apart that are answered out of order', async () => {
    const waiting: (() => void)[] = []
    const { channel } = await open(
      fakeService({
        handle: (request) =>
          new Promise((resolve) => {
            waiting.push(() => resolve(request.answer()))
            if (waiting.length === 32) for (const answer of waiting.toReversed()) answer()
          }),
      }),
    )
    const numbers = Array.from({ length: 32 }, (_, number) => number)
    const answers = await Promise.all(numbers.map((number) => channel.handle(ask('/a', { number }), call())))
    expect(answers.map((answer) => answer.parameters.number)).toEqual(numbers)
  })

  it('carries two megabytes', async () => {
    const { channel } = await open(fakeService({}))
    const blob = Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, index) => (index * 7919) >>> 5)
    const request = ask()
    request.docs.push(new Document({ blob }))
    const answers = await Promise.all([request, request, request].map((each) => channel.handle(each, call())))
    for (const answer of answers) expect(Buffer.compare(answer.docs.at(0)!.blob!, blob)).toBe(0)
  })

  it('carries many large answers at once', async () => {
    const blob = new Uint8Array(100_000).fill(7)
    const { channel } = await open(
      fakeService({
        handle(request) {
          const answer = request.answer()
          answer.docs = new DocumentArray([new Document({ blob })])
          return Promise.resolve(answer)
        },
      }),
    )
    const answers = await Promise.all(Array.from({ length: 300 }, () => channel.handle(ask(), call())))
    for (const answer of answers) expect(answer.docs.at(0)?.blob).toHaveLength(100_000)
  })

  it('carries headers', async () => {
    const seen: unknown[] = []
    const { channel } = await open(
      fakeService({
        handle(request, { headers }) {
          seen.push(headers)
          return Promise.resolve(request.answer())
        },
      }),
    )
    await channel.handle(ask(), call({ headers: { 'x-token': 'geheim ü' } }))
    await channel.handle(ask(), call())
    expect(seen).toEqual([{ 'x-token': 'geheim ü' }, {}])
  })

  it('passes on a rejection with all its facts', async () => {
    const where = { deployment: 'exec', pod: 'exec/rep-0' }
    const { channel } = await open(
      fakeService({
        handle: () =>
          Promise.reject(new MillraceError('RESOURCE_EXHAUSTED', 'queue full', { retryable: true, where })),
      }),
    )
    const error = await failureOf(channel.handle(ask(), call()))
    expect(error).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'queue full',
      retryable: true,
      where,
    })
  })

  it('makes an error of a service that throws at once', async () => {
    const { channel } = await open(
      fakeService({
        handle() {
          throw new TypeError('no such thing')
        },
      }),
    )
    const error = await failureOf(channel.handle(ask(), call()))
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'no such thing' })
  })

  it('takes an answer with status ERROR for an answer', async () => {
    const { channel } = await open(
      fakeService({
        handle(request) {
          const answer = request.answer()
          answer.status = { code: 'ERROR', description: 'the executor threw' }
          return Promise.resolve(answer)
        },
      }),
    )
    const answer = await channel.handle(ask(), call())
    expect(answer.status).toMatchObject({ code: 'ERROR', description: 'the executor threw' })
  })

  it('aborts the signal of the service when the caller cancels', async () => {
    const began = deferred()
    const aborted = deferred<unknown>()
    const { channel } = await open(
      fakeService({
        handle: (_request, { signal }) => {
          signal.addEventListener('abort', () => aborted.resolve(signal.reason))
          began.resolve()
          return new Promise(() => {})
        },
      }),
    )
    const controller = new AbortController()
    const reply = failureOf(channel.handle(ask(), call({ signal: controller.signal })))
    await began.promise
    controller.abort(new MillraceError('CANCELLED', 'enough'))
    expect(await reply).toMatchObject({ code: 'CANCELLED', message: 'enough' })
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' })
  })

  it('does not even send a call that is aborted or whose deadline has passed', async () => {
    let calls = 0
    const { channel } = await open(
      fakeService({
        handle(request) {
          calls++
          return Promise.resolve(request.answer())
        },
      }),
    )
    const late = await failureOf(channel.handle(ask(), call({ deadline: Date.now() - 1 })))
    const left = await failureOf(channel.handle(ask(), call({ signal: AbortSignal.abort() })))
    await channel.handle(ask(), call())
    expect([late.code, left.code, calls]).toEqual(['DEADLINE_EXCEEDED', 'CANCELLED', 1])
  })

  it('stops listening to the call when the answer is there', async () => {
    const { channel } = await open(fakeService({}))
    const listeners = new Set<unknown>()
    const scope = call()
    const on = scope.onAbort.bind(scope)
    const off = scope.offAbort.bind(scope)
    Object.assign(scope, {
      onAbort(listener: AbortListener) {
        listeners.add(listener)
        on(listener)
      },
      offAbort(listener: AbortListener) {
        listeners.delete(listener)
        off(listener)
      },
    })
    await channel.handle(ask(), scope)
    expect(listeners.size).toBe(0)
  })

  it('takes the deadline along, and it expires at both ends', async () => {
    const seen = deferred<number>()
    const aborted = deferred<unknown>()
    const { channel } = await open(
      fakeService({
        handle: (_request, { signal, deadline }) => {
          seen.resolve(deadline)
          signal.addEventListener('abort', () => aborted.resolve(signal.reason))
          return new Promise(() => {})
        },
      }),
    )
    const began = Date.now()
    const deadline = began + 1000
    const error = await failureOf(channel.handle(ask(), call({ deadline })))
    expect(error.code).toBe('DEADLINE_EXCEEDED')
    expect(await aborted.promise).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    // later by no more than the request took, which is less than all of this; clocks have whole milliseconds
    const late = (await seen.promise) - deadline
    expect(late).toBeGreaterThanOrEqual(-2)
    expect(late).toBeLessThanOrEqual(Date.now() - began)
  })

  it('asks for metrics, and gets none where nothing is measured', async () => {
    const metric = {
      name: 'x',
      kind: 'gauge' as const,
      help: 'An x.',
      samples: [{ labels: { a: 'b' }, value: 3 }],
    }
    const measured = await open({ ...fakeService({}), measure: async () => [metric] })
    expect(await measured.channel.measure?.()).toEqual([metric])
    const { channel } = await open(fakeService({}))
    expect(await channel.measure?.()).toEqual([])
    const failing = await open({ ...fakeService({}), measure: () => Promise.reject(new Error('no')) })
    await expect(failing.channel.measure?.()).rejects.toThrow('no')
    await failing.channel.ping()
  })

  it('says what it serves', async () => {
    const { channel } = await open(fakeService({}))
    expect(await channel.describe()).toEqual(description)
  })
}
