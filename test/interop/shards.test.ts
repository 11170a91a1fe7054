import { Flow, type FlowOptions } from 'millrace'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { runPython } from './python.js'

// The real Jina client and a bare Jina stub against sharded stages; jina_shards.py has the scenarios.

const uses = new URL('jina-shards-executors.mjs#Index', import.meta.url)
const quiet: FlowOptions = { host: '127.0.0.1', quiet: true }
const stage = {
  name: 'indexer',
  uses,
  shards: 3,
  runtime: 'thread',
  polling: { '/index': 'KEY', '/search': 'ALL', '/count': 'ALL', '*': 'KEY' },
} as const
const strict = new Flow(quiet).add(stage)
const lenient = new Flow(quiet).add({ ...stage, onShardFailure: 'partial' })
const all = { indexer: { total: 3, ok: 3, failed: 0, skipped: 0 } }
let answers: Record<string, unknown>

beforeAll(async () => {
  await Promise.all([strict.start(), lenient.start()])
  answers = await runPython('jina_shards.py', { port: strict.port, partial: lenient.port })
})

afterAll(() => Promise.all([strict.close(), lenient.close()]))

/** The trailers that a successful call of the bare stub gets. */
function told(coverage: object | null, asked: number | null, failed = 0): object {
  const trailers = {
    total_shards: asked === null ? null : String(asked),
    failed_shards: asked === null ? null : String(failed),
    'is-error': null,
  }
  return { status: [0, ''], coverage, docs: 3, trailers }
}

test('documents placed by key come back in order', () => {
  expect(answers['indexed']).toEqual([true, 40])
})

test('documents of one request placed by key come back in order, with tags, numpy embeddings and chunks', () => {
  expect(answers['in_order']).toEqual({ wrong: [], shards: [0, 1, 2], chunk: ['', [0, 255], 'd5'] })
})

test('matches of all shards are complete, sorted by score and cut to the limit', () => {
  expect(answers['searched']).toEqual([])
})

test('results of all shards and the coverage are in the parameters', () => {
  expect(answers['results']).toEqual([[0, 1, 2].map((shard) => `indexer/shard-${shard}/rep-0`), 40, all])
})

test('the route has one entry for the stage, not one per shard', () => {
  expect(answers['routes']).toEqual([
    ['gateway', 0],
    ['indexer', 0],
  ])
})

test('trailers say how many shards were asked; for a stream they are sums over its answers', () => {
  expect(answers['complete']).toEqual({
    unary: told(all, 3),
    owner: { ...told({ indexer: { total: 3, ok: 1, failed: 0, skipped: 2 } }, 1), docs: 1 },
    stream: [told(all, 12), 4],
    unsharded: told(null, null),
  })
})

test('partial answers are allowed with onShardFailure, and are reported in body and trailers', () => {
  const failures = [
    {
      shard: 'indexer/shard-1',
      code: 'EXECUTOR_FAILED',
      message: 'RangeError: the index of shard 1 is broken',
    },
  ]
  const some = { indexer: { total: 3, ok: 2, failed: 1, skipped: 0, failures } }
  expect(answers['partial']).toEqual({
    wrong: [],
    is_part: true,
    unary: told(some, 3, 1),
    stream: [told(some, 9, 2), 3],
  })
})

test('otherwise a failed shard is an error that names that shard only', () => {
  const description = 'indexer/shard-1 failed, of 3 shards. RangeError: the index of shard 1 is broken'
  const failure = { shard: 'indexer/shard-1', code: 'EXECUTOR_FAILED' }
  expect(answers['failed']).toMatchObject({
    raised: [1, description, 'RangeError', 'Index'],
    unary: {
      status: [1, description],
      coverage: {
        indexer: {
          total: 3,
          failed: 1,
          failures: [{ ...failure, message: 'RangeError: the index of shard 1 is broken' }],
        },
      },
      trailers: { failed_shards: '1', 'is-error': 'true' },
    },
    after: 10,
  })
})
