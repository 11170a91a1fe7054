import { expect, test } from 'vitest'
import { Document, DocumentArray } from '../document/index.js'
import { SingleDocumentRequest } from '../wire/single-document-request.js'
import type { HandlerMethod } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor } from './executor.js'
import { callOf } from '../call/call.suite.js'
import { MillraceError } from '../errors.js'
import { singleOf } from './fixtures.suite.js'
import { invokeStream } from './invoke-stream.js'
import type { Target } from './invoke.js'

function targetOf(handler: HandlerMethod): Target {
  class Subject extends Executor {
    static override requests = { '/x': 'method' }
    method() {}
    // failures are part of these tests, not of their output
    override readonly logger = { debug() {}, info() {}, warn() {}, error() {} }
  }
  Object.defineProperty(Subject.prototype, 'method', { value: handler })
  const endpoint = endpointsOf(Subject).get('/x')
  if (endpoint === undefined) throw new Error('no endpoint')
  return { executor: new Subject(), endpoint, podName: 'exec/rep-1', deployment: 'exec' }
}

async function run(handler: HandlerMethod, signal?: AbortSignal): Promise<SingleDocumentRequest[]> {
  const call = signal === undefined ? callOf() : callOf({ signal })
  const answers: SingleDocumentRequest[] = []
  for await (const answer of invokeStream(targetOf(handler), singleOf('/x', 'a', { k: 1 }), call)) {
    answers.push(SingleDocumentRequest.decode(answer.encode()))
  }
  return answers
}

const texts = (answers: SingleDocumentRequest[]): string[] => answers.map(({ document }) => document.text)

test('what a generator yields is answered one by one', async () => {
  const handler: HandlerMethod = async function* (docs) {
    for (const doc of docs) for (const end of ['1', '2', '3']) yield new Document({ text: doc.text + end })
  }
  const answers = await run(handler)
  expect(texts(answers)).toEqual(['a1', 'a2', 'a3'])
  expect(answers.map(({ parameters }) => parameters)).toEqual([{ k: 1 }, { k: 1 }, { k: 1 }])
  expect(answers[0]?.routes).toMatchObject([{ executor: 'exec' }])
})

test('a generator is not asked for more than the caller takes, and is ended when the caller leaves', async () => {
  const steps: string[] = []
  const handler: HandlerMethod = function* () {
    try {
      for (let n = 0; ; n++) {
        steps.push(`yield ${n}`)
        yield new Document({ text: String(n) })
      }
    } finally {
      steps.push('ended')
    }
  }
  for await (const answer of invokeStream(targetOf(handler), singleOf('/x'), callOf())) {
    if (answer.document.text === '1') break
  }
  expect(steps).toEqual(['yield 0', 'yield 1', 'ended'])
})

test('a cancelled call ends the generator', async () => {
  const controller = new AbortController()
  let ended = false
  const answers = await run(function* () {
    try {
      for (let n = 0; ; n++) {
        if (n === 2) controller.abort(new MillraceError('CANCELLED', 'gone'))
        yield new Document()
      }
    } finally {
      ended = true
    }
  }, controller.signal)
  expect(ended).toBe(true)
  expect(answers.at(-1)?.status).toMatchObject({ code: 'ERROR', description: 'MillraceError: gone' })
})

test('a handler that is no generator gives what it returns, document by document', async () => {
  expect(texts(await run((docs) => void docs.push(new Document({ text: 'b' }))))).toEqual(['a', 'b'])
  expect(texts(await run(async () => new DocumentArray([{ text: 'x' }, { text: 'y' }])))).toEqual(['x', 'y'])
  const [answer] = await run(() => ({ n: 1 }))
  expect(answer?.document.text).toBe('a')
  expect(answer?.parameters).toEqual({ k: 1, __results__: { 'exec/rep-1': { n: 1 } } })
})

test('a failure after some documents is the last answer', async () => {
  const answers = await run(function* () {
    yield new Document({ text: 'fine' })
    throw new TypeError('not fine')
  })
  expect(texts(answers)).toEqual(['fine', 'a'])
  expect(answers.map(({ status }) => status?.code)).toEqual([undefined, 'ERROR'])
  expect(answers[1]?.status?.exception).toMatchObject({ name: 'TypeError', executor: 'Subject' })
})

test('yielding what is no Document is a failure that says what came', async () => {
  const [answer] = await run(function* () {
    yield { text: 'plain' }
  })
  expect(answer?.status?.description).toContain('yielded a plain object; a generator yields Documents')
})
