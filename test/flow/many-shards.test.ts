import { Document, Flow } from 'millrace'
import { expect, it } from 'vitest'

const shards = 64
const index = new URL('../fixtures/shard-executors.mjs#MemoryIndex', import.meta.url)

it('64 shards as threads start, and all of them answer', { timeout: 60_000 }, async () => {
  await using flow = await new Flow({ quiet: true, host: '127.0.0.1' })
    .add({ name: 'indexer', uses: index, shards, runtime: 'thread', polling: { '/index': 'KEY' } })
    .start()
  const documents = Array.from(
    { length: 1_000 },
    (_, n) => new Document({ id: `d${n}`, embedding: Float32Array.of(n, 1) }),
  )
  await flow.post('/index', documents)
  const query = new Document({ id: 'q', embedding: Float32Array.of(500, 1) })
  const [answer] = await flow.post('/search', [query], { returnResponses: true, parameters: { limit: 3 } })
  expect(answer!.shards).toEqual({ total: shards, ok: shards, failed: 0, skipped: 0 })
  expect([...answer!.docs.at(0)!.matches].map(({ id }) => id)).toEqual(['d500', 'd499', 'd501'])
})
