import { afterEach, describe, expect, test } from 'vitest'
import type { Call, Service } from '../call/call.js'
import { callOf as call, Items, streaming, withText } from '../call/call.suite.js'
import type { AbortListener } from '../call/cancellation.js'
import type { Observation } from '../call/observation.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import type { Channel, DialOptions, Listener, ListenOptions } from './transport.js'

/** What a kind of transport must bring to be put through the suite. */
export interface TransportUnderTest {
  /** A listener around the service, and a channel to it. */
  readonly connect: (
    service: Service,
    options?: { dial?: DialOptions; listen?: ListenOptions },
  ) => Promise<Connected>
  /** Cases that cannot hold for this kind: name of the case → reason. */
  readonly unsupported?: Readonly<Record<string, string>>
}

export interface Connected {
  readonly listener: Listener
  readonly channel: Channel
  /** Ends the serving end without a word, as a crash does. */
  readonly kill: () => void
}

const description = {
  endpoints: ['/default', '/a'],
  writeEndpoints: [],
  streamEndpoints: ['/s'],
  schemas: {},
}

function fakeService(parts: Partial<Service>): Service {
  return {
    handle: (request) => Promise.resolve(request.answer()),
    describe: () => description,
    ...parts,
  }
}

function ask(endpoint = '/a', parameters: Record<string, unknown> = {}): DataRequest {
  return DataRequest.create({ endpoint, parameters })
}

function askStream(): DataRequest {
  return DataRequest.create({ endpoint: '/s', docs: new DocumentArray([new Document({ text: 'question' })]) })
}

/** The behaviour that every kind of transport has. */
export function transportSuite(kind: string, { connect, unsupported = {} }: TransportUnderTest): void {
  const opened: Connected[] = []
  const open = async (...args: Parameters<typeof connect>): Promise<Connected> => {
    const connected = await connect(...args)
    opened.push(connected)
    return connected
  }
  const it = (name: string, body: () => Promise<void>): void => {
    const reason = unsupported[name]
    if (reason === undefined) test(name, body)
    else test.skip(`${name} (${reason})`, body)
  }

  describe(`a channel over ${kind}`, () => {
    afterEach(async () => {
      for (const { listener, channel } of opened.splice(0)) {
        await Promise.all([channel.close(), listener.close({ graceMs: 0 })])
      }
    })

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
      const answers = await Promise.all(
        numbers.map((number) => channel.handle(ask('/a', { number }), call())),
      )
      expect(answers.map((answer) => answer.parameters.number)).toEqual(numbers)
    })

    it('carries two megabytes', async () => {
      const { channel } = await open(fakeService({}))
      const blob = Uint8Array.from({ length: 2 * 1024 * 1024 }, (_, index) => (index * 7919) >>> 5)
      const request = ask()
      request.docs.push(new Document({ blob }))
      const answers = await Promise.all(
        [request, request, request].map((each) => channel.handle(each, call())),
      )
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

    it('streams items in order, more than fit at once', async () => {
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            for (let number = 0; number < 200; number++) yield withText(request, String(number))
          }),
        }),
      )
      const items = new Items()
      const closing = await channel.handle(askStream(), call({ items }))
      expect(items.texts).toEqual(Array.from({ length: 200 }, (_, number) => String(number)))
      expect(closing.endpoint).toBe('/s')
    })

    it('does not run ahead of the reader of a stream', async () => {
      let made = 0
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            for (; made < 1000; made++) yield request.answer()
          }),
        }),
      )
      const room = deferred()
      const items = new Items(() => room.promise)
      const stream = channel.handle(askStream(), call({ items }))
      await expect.poll(() => items.count).toBe(1)
      await channel.describe()
      await channel.describe()
      expect(made).toBeLessThan(100)
      room.resolve()
      await stream
      expect(items.count).toBe(1000)
    })

    it('ends the stream of the service when the caller cancels, and gives it no more items', async () => {
      const ended = deferred<unknown>()
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request, { signal }) {
            try {
              for (;;) yield request.answer()
            } finally {
              ended.resolve(signal.reason)
            }
          }),
        }),
      )
      const scope = call({
        items: new Items(() => {
          scope.abort(new MillraceError('CANCELLED', 'enough'))
        }),
      })
      const error = await failureOf(channel.handle(askStream(), scope))
      expect(error).toMatchObject({ code: 'CANCELLED', message: 'enough' })
      expect(await ended.promise).toMatchObject({ code: 'CANCELLED' })
      expect(scope.items?.count).toBe(1)
    })

    it('ends a stream at its deadline although its reader takes nothing', async () => {
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            for (;;) yield request.answer()
          }),
        }),
      )
      const items = new Items(() => new Promise(() => {}))
      const error = await failureOf(channel.handle(askStream(), call({ items, deadline: Date.now() + 60 })))
      expect(error.code).toBe('DEADLINE_EXCEEDED')
    })

    it('passes on why a stream failed, after the items before', async () => {
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            for (let number = 0; number < 5; number++) yield request.answer()
            throw new MillraceError('UNAVAILABLE', 'broken off')
          }),
        }),
      )
      const items = new Items(() => new Promise((resolve) => setImmediate(resolve)))
      const error = await failureOf(channel.handle(askStream(), call({ items })))
      expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'broken off' })
      expect(items.count).toBe(5)
    })

    it('ends a stream whose peer dies', async () => {
      const { channel, kill } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            yield request.answer()
            await new Promise(() => {})
          }),
        }),
      )
      const began = deferred()
      const stream = failureOf(channel.handle(askStream(), call({ items: new Items(() => began.resolve()) })))
      await began.promise
      kill()
      expect(await stream).toMatchObject({ code: 'UNAVAILABLE', retryable: true, notRun: false })
    })

    it('refuses an item that is too large, and the channel stays usable', async () => {
      const ended = deferred()
      const { channel } = await open(
        fakeService({
          handle: streaming(async function* (request) {
            try {
              yield withText(request, 'short')
              yield withText(request, 'x'.repeat(20_000))
              yield withText(request, 'short')
            } finally {
              ended.resolve()
            }
          }),
        }),
        { listen: { maxFrameBytes: 10_000 } },
      )
      const items = new Items()
      const error = await failureOf(channel.handle(askStream(), call({ items })))
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
      await ended.promise
      expect(items.texts).toEqual(['short'])
    })

    it('says what it serves', async () => {
      const { channel } = await open(fakeService({}))
      expect(await channel.describe()).toEqual(description)
    })

    it('answers what is in flight before a closing listener is gone, and refuses what comes later', async () => {
      const began = deferred()
      const release = deferred()
      const { channel, listener } = await open(
        fakeService({
          async handle(request) {
            began.resolve()
            await release.promise
            return request.answer()
          },
        }),
      )
      const reply = channel.handle(ask(), call())
      await began.promise
      const closing = listener.close({ graceMs: 60_000 })
      const refused = await failureOf(channel.handle(ask(), call()))
      expect(refused).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      release.resolve()
      expect((await reply).endpoint).toBe('/a')
      await closing
      expect(await channel.closed).toHaveProperty('reason')
      await listener.close()
    })

    it('says of what was on its way to a closing listener that it has not run', async () => {
      const { channel, listener } = await open(fakeService({}))
      await channel.handle(ask(), call())
      const outcomes: Promise<unknown>[] = []
      const closed = listener.close()
      for (let turn = 0; turn < 20; turn++) {
        outcomes.push(
          channel.handle(ask(), call()).then(
            () => 'answered',
            (error: MillraceError) => ({ code: error.code, notRun: error.notRun }),
          ),
        )
        await new Promise((resolve) => setImmediate(resolve))
      }
      await closed
      for (const outcome of await Promise.all(outcomes)) {
        if (outcome !== 'answered') expect(outcome).toEqual({ code: 'UNAVAILABLE', notRun: true })
      }
    })

    it('waits no longer than the grace period', async () => {
      const began = deferred()
      const aborted = deferred()
      const { channel, listener } = await open(
        fakeService({
          handle(_request, { signal }) {
            signal.addEventListener('abort', () => aborted.resolve())
            began.resolve()
            return new Promise(() => {})
          },
        }),
      )
      const reply = failureOf(channel.handle(ask(), call()))
      await began.promise
      await listener.close({ graceMs: 20 })
      expect(await reply).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      await aborted.promise
    })

    it('fails all calls in flight when the peer dies, and says so', async () => {
      const began = deferred()
      let calls = 0
      const { channel, kill } = await open(
        fakeService({
          handle() {
            if (++calls === 3) began.resolve()
            return new Promise(() => {})
          },
        }),
      )
      const replies = [1, 2, 3].map(() => failureOf(channel.handle(ask(), call())))
      await began.promise
      kill()
      for (const error of await Promise.all(replies)) {
        expect(error).toMatchObject({ code: 'UNAVAILABLE', retryable: true })
      }
      expect((await channel.closed).reason).toMatch(/\w/)
      expect(await failureOf(channel.handle(ask(), call()))).toMatchObject({ code: 'UNAVAILABLE' })
    })

    it('ends calls in flight when it is closed, and takes no more', async () => {
      const began = deferred()
      const aborted = deferred()
      const { channel } = await open(
        fakeService({
          handle(_request, { signal }) {
            signal.addEventListener('abort', () => aborted.resolve())
            began.resolve()
            return new Promise(() => {})
          },
        }),
      )
      const reply = failureOf(channel.handle(ask(), call()))
      await began.promise
      await channel.close()
      await channel.close()
      expect((await reply).code).toBe('CANCELLED')
      expect((await failureOf(channel.handle(ask(), call()))).code).toBe('CANCELLED')
      expect((await failureOf(channel.describe())).code).toBe('CANCELLED')
      await aborted.promise
    })

    it('refuses a request that is too large before it is sent, and the channel stays usable', async () => {
      const { channel } = await open(fakeService({}), { dial: { maxFrameBytes: 10_000 } })
      const error = await failureOf(channel.handle(ask('/a', { much: 'x'.repeat(20_000) }), call()))
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
      expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
    })

    it('refuses a request that is too large for the serving end, and the channel stays usable', async () => {
      const { channel } = await open(fakeService({}), { listen: { maxFrameBytes: 10_000 } })
      const error = await failureOf(channel.handle(ask('/a', { much: 'x'.repeat(200_000) }), call()))
      expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
      expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
    })

    it('refuses an answer that is too large, and the channel stays usable', async () => {
      const long = fakeService({
        handle(request) {
          const answer = request.answer()
          if (request.endpoint === '/long') answer.parameters = { much: 'x'.repeat(200_000) }
          return Promise.resolve(answer)
        },
      })
      for (const limited of ['dial', 'listen']) {
        const { channel } = await open(long, { [limited]: { maxFrameBytes: 10_000 } })
        const error = await failureOf(channel.handle(ask('/long'), call()))
        expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: false })
        expect((await channel.handle(ask(), call())).endpoint).toBe('/a')
      }
    })
  })
}

async function failureOf(promise: Promise<unknown>): Promise<MillraceError> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if (!('error' in outcome)) throw new Error('this should have failed')
  if (!MillraceError.is(outcome.error)) throw outcome.error
  return outcome.error
}
