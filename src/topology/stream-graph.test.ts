import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Handler } from '../call/call.js'
import { callOf, Items, withText } from '../call/call.suite.js'
import { Document, DocumentArray } from '../document/index.js'
import { MillraceError } from '../errors.js'
import { deferred } from '../lib/deferred.js'
import { concatenating } from '../shards/reduce.js'
import type { DataRequest } from '../wire/data-request.js'
import { compileCondition } from './condition.js'
import {
  type Doc,
  graphs,
  held,
  marking,
  reduced,
  routesOf,
  sent,
  stage,
  toEndpoint,
  walkOver,
} from './fakes.suite.js'
import { inOrder } from './graph.js'
import { segmentsOf } from './segments.js'

/** Streams two documents for each, and marks the documents of a request that is no stream. */
function twice(mark: string): Handler {
  return async (request, call) => {
    const { items } = call
    if (items === undefined) return marking(mark)(request, call)
    const { text } = request.docs.at(0)!
    for (const suffix of ['1', '2']) {
      await items.push(sent(withText(request, `${text}${mark}${suffix}`)))
      if (call.aborted !== undefined) throw call.aborted
    }
    return request.answer().withList([])
  }
}

const failing =
  (text: string): Handler =>
  async (request) => {
    const answer = sent(request)
    if (answer.docs.at(0)?.text === text) answer.status = { code: 'ERROR', description: 'broken' }
    return answer
  }

async function streamed(
  stages: Parameters<typeof walkOver>[0],
  request: DataRequest = toEndpoint(),
): Promise<{ items: Items; response: DataRequest }> {
  const items = new Items()
  const response = await walkOver(stages).handle(request, callOf({ items }))
  return { items, response }
}

describe('a stream through a graph', () => {
  test('has a join for each document that reaches the branches, and goes on with what it makes of it', async () => {
    const { items, response } = await streamed([
      stage('first', { handle: twice('first') }),
      stage('a<first', { handle: marking('a') }),
      stage('b<first', { handle: marking('b') }),
      stage('last<b,a', { handle: twice('last') }),
    ])
    expect(items.texts).toEqual(['onefirst1last1', 'onefirst1last2', 'onefirst2last1', 'onefirst2last2'])
    expect(routesOf(response)).toEqual(['gateway', 'first', 'a', 'last', 'b'])
    expect(response.docs).toHaveLength(0)
  })

  test('gives every document of a join alone to the stage behind it', async () => {
    const adding: Handler = async (request) => {
      const answer = sent(request)
      answer.docs = new DocumentArray([...answer.docs, new Document({ id: 'new', text: 'new' })])
      return sent(answer)
    }
    const { items } = await streamed([
      stage('a'),
      stage('b', { handle: adding }),
      stage('join<a,b', { passThrough: true }),
      stage('last<join', { handle: twice('-') }),
    ])
    expect(items.texts).toEqual(['one-1', 'one-2', 'new-1', 'new-2'])
  })

  test('gives the parts of a join that keeps them apart to its stage at once', async () => {
    const seen: DataRequest[] = []
    await streamed([
      stage('a'),
      stage('b', { handle: marking('b') }),
      stage('end<a,b', {
        join: concatenating,
        handle: async (request) => (seen.push(sent(request)), request.answer().withList([])),
      }),
    ])
    expect(seen.map(({ parts }) => parts?.map(({ from }) => from))).toEqual([['a', 'b']])
  })

  test('loses the documents that a condition leaves out', async () => {
    const when = compileCondition({ docs: { text: { $regex: '1$' } }, parameters: null, headers: null })
    const chain = await streamed([
      stage('a', { handle: twice('a') }),
      stage('b<a', { when, handle: twice('b') }),
    ])
    expect(chain.items.texts).toEqual(['onea1b1', 'onea1b2'])
    const either = await streamed([
      stage('a', { handle: twice('a') }),
      stage('b<a', { when, handle: marking('b') }),
      stage('end<a,b', { passThrough: true }),
    ])
    expect(either.items.texts).toEqual(['onea1', 'onea2'])
  })

  test('sends each document to the stages that no answer waits for', async () => {
    const seen: string[] = []
    const noting: Handler = async (request) => {
      seen.push(request.docs.at(0)!.text)
      return sent(request)
    }
    const stages = [
      stage('early', { floating: true, handle: noting }),
      stage('a', { handle: twice('a') }),
      stage('late<a', { floating: true, handle: noting }),
    ]
    const { handle, background } = walkOver(stages)
    const items = new Items()
    await handle(toEndpoint(), callOf({ items }))
    await background.drain(60_000)
    expect(items.texts).toEqual(['onea1', 'onea2'])
    expect(seen).toEqual(['one', 'onea1', 'onea2'])
  })

  test('waits at a stage until the document before it has passed the join', async () => {
    const slow = held()
    const made: string[] = []
    const first: Handler = async (request, { items }) => {
      for (const text of ['1', '2']) {
        made.push(text)
        await items?.push(sent(withText(request, text)))
      }
      return request.answer().withList([])
    }
    const { handle } = walkOver([
      stage('first', { handle: first }),
      stage('a<first', { handle: slow.handle }),
      stage('b<first'),
      stage('end<a,b', { passThrough: true }),
    ])
    const walking = handle(toEndpoint(), callOf({ items: new Items() }))
    await expect.poll(() => slow.calls.length).toBe(1)
    expect(made).toEqual(['1'])
    slow.turn.resolve()
    await walking
    expect(made).toEqual(['1', '2'])
  })

  test('ends with the answer of a branch that fails, and stops the stages before', async () => {
    const { items, response } = await streamed([
      stage('first', { handle: twice('-') }),
      stage('a<first', { handle: failing('one-2') }),
      stage('b<first'),
      stage('end<a,b', { passThrough: true }),
    ])
    expect(items.texts).toEqual(['one-1'])
    expect(response.status).toMatchObject({ code: 'ERROR', description: 'broken' })
    expect(response.routes.find(({ executor }) => executor === 'a')?.status?.code).toBe('ERROR')
  })

  test('ends with the failure of a branch, and aborts the other one', async () => {
    const aborted = deferred<unknown>()
    const stages = [
      stage('a', {
        handle: () => Promise.reject(new MillraceError('UNAVAILABLE', 'gone', { notRun: true })),
      }),
      stage('b', {
        handle: (_, call) => {
          call.onAbort({ abort: (reason) => aborted.resolve(reason) })
          return new Promise(() => {})
        },
      }),
      stage('end<a,b'),
    ]
    await expect(streamed(stages)).rejects.toMatchObject({ code: 'UNAVAILABLE', notRun: false })
    expect(await aborted.promise).toMatchObject({ code: 'CANCELLED' })
  })

  test('that no stage serves comes back as it is', async () => {
    const other = { serves: ['/other'] }
    const { items } = await streamed([stage('a', other), stage('b', other), stage('end<a,b', other)])
    expect(items.texts).toEqual(['one'])
  })

  test('is refused by the name of a stage that joins documents of different streams', async () => {
    const stages = [stage('a'), stage('audit<gateway,a', { floating: true })]
    await expect(streamed(stages)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      notRun: true,
      message: expect.stringMatching(/'audit'.* needs the request and 'a'/),
    })
  })
})

/** What a stage makes of a request, and of a document of a stream. */
const marked = (docs: readonly Doc[], mark: string): Doc[] =>
  docs.map((doc) => ({ ...doc, tags: { ...doc.tags, [mark]: 1 } }))
const yielded = (doc: Doc, mark: string): Doc[] =>
  ['1', '2'].map((suffix) => ({ ...doc, text: `${doc.text}${mark}${suffix}` }))

test('random graphs stream the documents of a naive reference', async () => {
  const plain = (docs: Iterable<Document>): Doc[] =>
    Array.from(docs, ({ id, tags, text }) => ({ id, tags, text }))
  await fc.assert(
    fc.asyncProperty(graphs, async (needs) => {
      const stages = needs.map((edges, index) =>
        stage(`s${index}<${edges.map((edge) => (edge === 0 ? 'gateway' : `s${edge - 1}`)).join(',')}`, {
          handle: async (request, { items }) => {
            const docs = plain(request.docs)
            const answer = sent(request)
            if (items === undefined) {
              answer.docs = new DocumentArray(marked(docs, `s${index}`).map((doc) => new Document(doc)))
              return sent(answer)
            }
            for (const doc of yielded(docs[0]!, `s${index}`)) {
              answer.docs = new DocumentArray([new Document(doc)])
              await items.push(sent(answer))
            }
            return request.answer().withList([])
          },
        }),
      )
      /** Numbers of stages from 1; 0 is the gateway. Every way to a stage, without the stage. */
      const waysTo = (number: number): number[][] =>
        number === 0 ? [[]] : needs[number - 1]!.flatMap((need) => waysTo(need).map((way) => [...way, need]))
      const last = needs.length
      const shared = [...waysTo(last)[0]!, last].filter(
        (number) => number === last || waysTo(last).every((way) => way.includes(number)),
      )
      const stream = (doc: Doc, from: number): Doc[] => {
        const end = shared[shared.indexOf(from) + 1]
        if (end === undefined) return [doc]
        const given = (number: number): Doc[] => reduced(needs[number - 1]!.map(answer))
        const answer = (number: number): Doc[] =>
          number === from ? [doc] : marked(given(number), `s${number - 1}`)
        return given(end)
          .flatMap((one) => yielded(one, `s${end - 1}`))
          .flatMap((one) => stream(one, end))
      }
      const items = new Items()
      const { handle, background } = walkOver(stages)
      const input: Doc = { id: '1', tags: {}, text: 't' }
      const streaming = handle(toEndpoint('/x', [new Document(input)]), callOf({ items }))
      // an end that no stage needs may join documents of different streams
      if (segmentsOf(inOrder(stages)).kind === 'crossing')
        await expect(streaming).rejects.toMatchObject({ code: 'UNSUPPORTED' })
      else {
        await streaming
        expect(items.all.flatMap(({ docs }) => plain(docs))).toEqual(stream(input, 0))
      }
      await background.drain(60_000)
    }),
  )
})
