import { expect, test } from 'vitest'
import type { Call } from '../call/call.js'
import { callOf, Items } from '../call/call.suite.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import type { DataRequest } from '../wire/data-request.js'
import type { HandlerMethod } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor } from './executor.js'
import { requestOf, sent } from './fixtures.suite.js'
import { invokeStream } from './invoke-stream.js'
import type { Target } from './invoke.js'

function targetOf(handler: HandlerMethod): Target {
  class Subject extends Executor {
    static override requests = { '/x': 'method' }
    method() {}
    // keeps expected failures out of the output
    override readonly logger = { debug() {}, info() {}, warn() {}, error() {} }
  }
  Object.defineProperty(Subject.prototype, 'method', { value: handler })
  const endpoint = endpointsOf(Subject).get('/x')
  if (endpoint === undefined) throw new Error('no endpoint')
  return { executor: new Subject(), endpoint, podName: 'exec/rep-1', deployment: 'exec' }
}

interface Run {
  /** Documents and failures, in order, after a round trip over the wire. */
  readonly answers: readonly DataRequest[]
  readonly closing: DataRequest
}

async function run(
  handler: HandlerMethod,
  { call = callOf(), items = new Items() }: { readonly call?: Call; readonly items?: Items } = {},
): Promise<Run> {
  const request = requestOf('/x', { texts: ['a'], parameters: { k: 1 } })
  const closing = await invokeStream(targetOf(handler), request, call, { items, pace: (room) => room })
  return { answers: items.all.map(sent), closing: sent(closing) }
}

const texts = (answers: readonly DataRequest[]): string[] => answers.flatMap(({ docs }) => docs.texts)

test('the documents of a generator are sent one by one', async () => {
  const handler: HandlerMethod = async function* (docs) {
    for (const doc of docs) for (const end of ['1', '2', '3']) yield new Document({ text: doc.text + end })
  }
  const { answers, closing } = await run(handler)
  expect(texts(answers)).toEqual(['a1', 'a2', 'a3'])
  expect([closing.status, closing.docs.length, closing.parameters]).toEqual([undefined, 0, { k: 1 }])
  expect(answers.map(({ parameters }) => parameters)).toEqual([{ k: 1 }, { k: 1 }, { k: 1 }])
  expect(answers[0]?.routes).toMatchObject([{ executor: 'exec' }])
})

test('a generator is asked for the next document when the sink has room', async () => {
  const steps: string[] = []
  const room = deferred()
  const handler: HandlerMethod = function* () {
    for (let n = 0; n < 2; n++) {
      steps.push(`yield ${n}`)
      yield new Document()
    }
  }
  const running = run(handler, { items: new Items(() => room.promise) })
  await new Promise((resolve) => setImmediate(resolve))
  expect(steps).toEqual(['yield 0'])
  room.resolve()
  await running
  expect(steps).toEqual(['yield 0', 'yield 1'])
})

test('a cancelled call ends the generator at once', async () => {
  const call = callOf()
  const steps: string[] = []
  const handler: HandlerMethod = function* () {
    try {
      for (let n = 0; ; n++) {
        steps.push(`yield ${n}`)
        yield new Document()
      }
    } finally {
      steps.push('ended')
    }
  }
  const items = new Items(() => {
    if (items.count === 2) call.abort(new MillraceError('CANCELLED', 'gone'))
  })
  const { closing } = await run(handler, { call, items })
  expect(steps).toEqual(['yield 0', 'yield 1', 'ended'])
  expect(closing.status).toMatchObject({ code: 'ERROR', description: 'MillraceError: gone' })
})

test('the documents of a plain handler are sent one by one', async () => {
  const added = await run((docs) => void docs.push(new Document({ text: 'b' })))
  expect(texts(added.answers)).toEqual(['a', 'b'])
  const returned = await run(async () => new DocumentArray([{ text: 'x' }, { text: 'y' }]))
  expect(texts(returned.answers)).toEqual(['x', 'y'])
  const { answers, closing } = await run(() => ({ n: 1 }))
  expect(texts(answers)).toEqual(['a'])
  const parameters = { k: 1, __results__: { 'exec/rep-1': { n: 1 } } }
  expect([answers[0]!.parameters, closing.parameters]).toEqual([parameters, parameters])
})

test('a failure after some documents is the closing answer, with the document of the request', async () => {
  const { answers, closing } = await run(function* () {
    yield new Document({ text: 'fine' })
    throw new TypeError('not fine')
  })
  expect(texts(answers)).toEqual(['fine'])
  expect(texts([closing])).toEqual(['a'])
  expect(closing.status).toMatchObject({
    code: 'ERROR',
    exception: { name: 'TypeError', executor: 'Subject' },
  })
})

test('yielding anything but a Document is a failure that describes it', async () => {
  const handler = function* () {
    yield { text: 'plain' }
  }
  const { closing } = await run(handler as unknown as HandlerMethod)
  expect(closing.status?.description).toContain('yielded a plain object; a generator yields Documents')
})
