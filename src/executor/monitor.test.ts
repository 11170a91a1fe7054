import { expect, it } from 'vitest'
import { DocumentArray } from '../document/index.js'
import { OwnMetrics } from '../observe/metrics/own/own-metrics.js'
import { constructWith } from './construction.js'
import { endpointsOf } from './endpoints.js'
import { Executor, type ExecutorClass } from './executor.js'
import { loggerOf } from './fixtures.suite.js'
import { monitor } from './monitor.js'
import { requests } from './requests.js'

class Encoder extends Executor {
  @requests('/encode')
  @monitor
  async encode(docs: DocumentArray) {
    for (const doc of docs) doc.text += this.mark('!')
  }

  @requests('/words')
  @monitor({ name: 'words_seconds', documentation: 'Time of words' })
  *words(docs: DocumentArray) {
    yield* docs
  }

  @monitor({ name: 'marks' })
  mark(text: string): string {
    return text
  }
}

function measured<E extends Executor>(Class: ExecutorClass<E>) {
  const metrics = new OwnMetrics({ isOn: true })
  const runtimeArgs = {
    ...{ name: 'exec/rep-0', deployment: 'exec', replica: 0, replicas: 1, shardId: 0, shards: 1 },
    workspace: null,
  }
  const executor = constructWith(
    {
      metas: { name: 'Encoder', description: '', workspace: '' },
      ...{ runtimeArgs, requests: new Map(), logger: loggerOf([]), holder: null, metrics },
    },
    () => new Class(),
  )
  const collect = async () =>
    (await metrics.collect({ pod: 'exec/rep-0', stage: 'exec' })).map(({ name, help, samples }) => ({
      name,
      help,
      count: (samples[0]!.value as { count: number }).count,
    }))
  return { executor, collect }
}

it('@monitor measures each call under the name of the method, or the given one', async () => {
  const { executor, collect } = measured(Encoder)
  const docs = new DocumentArray([{ text: 'a' }, { text: 'b' }])
  await executor.encode(docs)
  expect(docs.texts).toEqual(['a!', 'b!'])
  expect([...executor.words(docs)]).toHaveLength(2)
  expect(await collect()).toEqual([
    { name: 'jina_encode_seconds', help: 'Time spent calling method encode', count: 1 },
    { name: 'jina_marks', help: 'Time spent calling method mark', count: 2 },
    { name: 'jina_words_seconds', help: 'Time of words', count: 1 },
  ])
})

it('a decorated method stays what it was: bound to its endpoint, and a generator if it is one', () => {
  const endpoints = endpointsOf(Encoder, {}, {})
  expect(endpoints.get('/encode')?.isGenerator).toBe(false)
  expect(endpoints.get('/words')?.isGenerator).toBe(true)
})

it('without metrics nothing is measured', async () => {
  const docs = new DocumentArray([{ text: 'a' }])
  await new Encoder().encode(docs)
  expect(docs.texts).toEqual(['a!'])
})

it('a method that throws is measured, and its error thrown', async () => {
  class Broken extends Executor {
    @monitor
    fail(): void {
      throw new RangeError('broken')
    }
  }
  const { executor, collect } = measured(Broken)
  expect(() => executor.fail()).toThrow('broken')
  expect(await collect()).toMatchObject([{ name: 'jina_fail_seconds', count: 1 }])
})

it('@monitor is refused where it cannot be used', () => {
  expect(() => (monitor as (name: unknown) => unknown)('encode_seconds')).toThrow(
    expect.objectContaining({ code: 'INVALID_EXECUTOR' }),
  )
  expect(() => (monitor as (...given: unknown[]) => unknown)(() => {}, 'encode')).toThrow(
    'standard decorator',
  )
})
