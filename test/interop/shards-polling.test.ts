import { Flow, type FlowOptions } from 'millrace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { podsOf } from '../../dist/internals.js'
import { runPython } from './python.js'

// Which shards get a request: in a real Jina Flow with an Executor of two shards for each kind of polling, and in Millrace.

const uses = new URL('jina-shards-executors.mjs#Witness', import.meta.url)
const quiet: FlowOptions = { host: '127.0.0.1', quiet: true }
const endpoints = ['/index', '/search', '/foo']
const options = {
  default: null,
  any: 'ANY',
  all: 'ALL',
  map: { '/index': 'ALL', '/search': 'ANY', '*': 'ALL' },
  one: { '/foo': 'ALL' },
} as const
type Name = keyof typeof options
const names = Object.keys(options) as Name[]

/** The trailers of a head or gateway. */
interface Trailers {
  readonly status: number
  readonly total_shards: string | null
  readonly failed_shards: string | null
  readonly 'is-error': string | null
}

type ByEndpoint<Value> = Record<Name, Record<string, Value>>

interface Answer {
  /** Shards that saw each of two requests. */
  readonly seen: ByEndpoint<[number[], number[]]>
  readonly heads: ByEndpoint<Trailers>
  readonly ours: ByEndpoint<Trailers>
  /** Trailers when the executor of a shard has failed, and when a shard is dead. */
  readonly refused: Trailers
  readonly lost: Trailers
  readonly own: { readonly refused: Trailers; readonly lost: Trailers }
}

const flows = new Map(
  names.map((name) => {
    const polling = options[name]
    const stage = { name: 'exec', uses, shards: 2, runtime: 'thread' } as const
    return [name, new Flow(quiet).add({ ...stage, ...(polling !== null && { polling }) })]
  }),
)
const partial = { name: 'exec', uses, shards: 2, polling: 'ALL', onShardFailure: 'partial' } as const
const lenient = new Flow(quiet).add({ ...partial, runtime: 'thread' })
const bereft = new Flow(quiet).add({ ...partial, runtime: 'process', restarts: { max: 0 } })
const all = [...flows.values(), lenient, bereft]
let jina: Answer

beforeAll(async () => {
  await Promise.all(all.map((flow) => flow.start()))
  const pod = podsOf(bereft).find(({ name }) => name === 'exec/shard-1/rep-0')!
  pod.signal('SIGKILL')
  await pod.exited
  const ours = Object.fromEntries([...flows].map(([name, flow]) => [name, flow.port]))
  const ports = { ours, partial: lenient.port, dead: bereft.port }
  jina = await runPython<Answer>('jina_polling.py', { polling: options, endpoints, ...ports })
}, 120_000) // sixteen Jina processes

afterAll(() => Promise.all(all.map((flow) => flow.close())))

describe.each(names)('with polling %s', (name) => {
  test.each(endpoints)('%s goes to as many shards as in Jina', async (endpoint) => {
    for (const seen of jina.seen[name][endpoint]!) {
      const [response] = await flows.get(name)!.post(endpoint, ['x'], { returnResponses: true })
      expect(Object.keys(response!.parameters['__results__'] as object)).toHaveLength(seen.length)
    }
  })

  test('total_shards is the same as from Jina’s head', () => {
    expect(jina.ours[name]).toEqual(jina.heads[name])
  })
})

describe('when a shard fails and partial answers are allowed', () => {
  test('a dead shard counts as failed, as in Jina', () => {
    expect(jina.lost).toEqual({ status: 0, total_shards: '2', failed_shards: '1', 'is-error': null })
    expect(jina.own.lost).toEqual(jina.lost)
  })

  test('a failed executor counts as a failed shard, which Jina only reports as an error', () => {
    const told = { status: 0, total_shards: '2' }
    expect(jina.refused).toEqual({ ...told, failed_shards: '0', 'is-error': 'true' })
    expect(jina.own.refused).toEqual({ ...told, failed_shards: '1', 'is-error': null })
  })
})
