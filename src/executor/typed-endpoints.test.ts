import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { callOf } from '../call/call.suite.js'
import { Document, DocumentArray, type DocumentInit } from '../document/index.js'
import { doc, type DocInit, type DocList, tensor } from '../document/typed/index.js'
import { DataRequest } from '../wire/data-request.js'
import { errorFromStatus } from '../wire/error-status.js'
import { placeOf } from '../document/json-place.js'
import { constructWith } from './construction.js'
import type { HandlerContext } from './context.js'
import { endpointsOf } from './endpoints.js'
import { Executor, type ExecutorClass } from './executor.js'
import { loggerOf, sent } from './fixtures.suite.js'
import { invoke, type Target } from './invoke.js'
import { requests } from './requests.js'

const Text = doc({ text: z.string() })
const Article = doc({ text: z.string(), embedding: tensor('float32', [2]) })
const Options = z.object({ scale: z.number().default(2), name: z.string().optional() })

function targetOf(Class: ExecutorClass, path = '/x'): Target {
  const endpoints = endpointsOf(Class)
  const metas = { name: 'Subject', description: '', workspace: '' }
  const runtimeArgs = { ...new Executor().runtimeArgs }
  const construction = { metas, runtimeArgs, requests: endpoints, logger: loggerOf([]), holder: null }
  const executor = constructWith(construction, () => new Class())
  return { executor, endpoint: endpoints.get(path)!, podName: 'exec/rep-0', deployment: 'exec' }
}

async function run(
  Class: ExecutorClass,
  docs: readonly DocumentInit[],
  parameters: Record<string, unknown> = {},
): Promise<DataRequest> {
  const init = { endpoint: '/x', docs: new DocumentArray(docs.map((one) => new Document(one))), parameters }
  const request = DataRequest.decode(DataRequest.create(init).encode())
  return sent(await invoke(targetOf(Class), request, callOf()))
}

test('a handler gets typed documents and parameters, and returns typed documents', async () => {
  class Encoder extends Executor {
    @requests({ on: '/x', input: Text, output: Article, parameters: Options })
    encode(
      docs: DocList<typeof Text>,
      { parameters }: HandlerContext<z.output<typeof Options>>,
    ): DocList<typeof Article> {
      expectTypeOf(parameters.scale).toEqualTypeOf<number>()
      return docs.to(Article, ({ text }) => ({ embedding: [text.length * parameters.scale, 0] }))
    }
  }
  const answer = await run(Encoder, [{ id: 'a', text: 'abc' }])
  expect(answer.status?.code).not.toBe('ERROR')
  const [only] = answer.docs
  expect([only!.id, only!.embedding]).toMatchObject(['a', { data: Float32Array.of(6, 0), dtype: '<f4' }])
  expect((await run(Encoder, [{ text: 'abc' }], { scale: 3 })).docs.at(0)?.embedding).toMatchObject({
    data: Float32Array.of(9, 0),
  })
})

test('documents that do not fit are refused before the handler runs, with index, field, expected and came', async () => {
  let runs = 0
  class Strict extends Executor {
    @requests({ on: '/x', input: Article })
    take(docs: DocList<typeof Article>) {
      runs += docs.length
    }
  }
  const answer = await run(Strict, [
    { text: 'a', embedding: [1, 2] },
    { text: 'b', embedding: [1] },
  ])
  const error = errorFromStatus(answer.status!)
  expect(error.code).toBe('INVALID_INPUT')
  expect(error.message).toContain('data[1].embedding: expected float32 [2]; got float64 [1]')
  expect(placeOf(error)).toEqual({
    place: ['data', 1, 'embedding'],
    reason: 'expected float32 [2]; got float64 [1]',
  })
  expect(runs).toBe(0)
})

test('parameters that do not fit are refused before the handler runs', async () => {
  class Scaled extends Executor {
    @requests({ on: '/x', parameters: z.strictObject({ scale: z.number() }) })
    take(docs: DocumentArray, { parameters }: HandlerContext<{ scale: number }>) {
      return { seen: parameters.scale * docs.length }
    }
  }
  const error = errorFromStatus((await run(Scaled, [{}], { scale: 'two' })).status!)
  expect([error.code, placeOf(error)?.place]).toEqual(['INVALID_INPUT', ['parameters', 'scale']])
  // what Jina's clients always send is no parameter
  const answer = await run(Scaled, [{}], { scale: 2, __results__: {} })
  expect(answer.parameters).toMatchObject({ __results__: { 'exec/rep-0': { seen: 2 } } })
})

test('results that do not fit the output are an error of the handler', async () => {
  class Loose extends Executor {
    static override requests = { '/x': { method: 'give', output: Article } }
    give(docs: DocumentArray) {
      return docs
    }
  }
  const error = errorFromStatus((await run(Loose, [{ text: 'a' }])).status!)
  expect(error.code).toBe('INVALID_RESULT')
  expect(error.message).toContain(
    'Loose.give returned what does not fit its output: documents[0].embedding: ',
  )
})

test('arrays, generators and documents changed in place are results', async () => {
  class Arrays extends Executor {
    @requests({ on: '/x', output: Article })
    give(docs: DocumentArray): DocInit<typeof Article>[] {
      return docs.map(({ id, text }) => ({ id, text, embedding: [1, 2] }))
    }
  }
  class Streams extends Executor {
    @requests({ on: '/x', input: Text, output: Article })
    async *give(docs: DocList<typeof Text>) {
      for (const { text } of docs) yield { text, embedding: [3, 4] }
    }
  }
  class InPlace extends Executor {
    @requests({ on: '/x', input: Article, output: Article })
    give(docs: DocList<typeof Article>) {
      for (const one of docs) one.text += '!'
    }
  }
  const given = [{ text: 'a', embedding: [5, 6] }]
  const all = await Promise.all([run(Arrays, given), run(Streams, given), run(InPlace, given)])
  expect(all.map(({ docs }) => docs.map(({ text, embedding }) => [text, embedding]))).toMatchObject([
    [['a', { data: Float32Array.of(1, 2) }]],
    [['a', { data: Float32Array.of(3, 4) }]],
    [['a!', { data: Float32Array.of(5, 6) }]],
  ])
})

test('a handler that does not fit its types does not compile', () => {
  class Wrong extends Executor {
    // @ts-expect-error -- documents of another class
    @requests({ on: '/a', input: Article })
    other(_docs: DocList<typeof Query>) {}

    // @ts-expect-error -- plain documents, where typed ones come
    @requests({ on: '/b', input: Article })
    untyped(_docs: DocumentArray) {}

    // @ts-expect-error -- returns another class
    @requests({ on: '/c', input: Text, output: Article })
    returns(docs: DocList<typeof Text>) {
      return docs
    }

    // @ts-expect-error -- in place, although Text lacks an embedding
    @requests({ on: '/d', input: Text, output: Article })
    inPlace(_docs: DocList<typeof Text>) {}

    // @ts-expect-error -- a parameter of another type
    @requests({ on: '/e', parameters: Options })
    parameters(_docs: DocumentArray, _context: HandlerContext<{ scale: string }>) {}
  }
  const Query = doc({ query: z.string() })
  expect([...endpointsOf(Wrong).keys()]).toHaveLength(5)
})
