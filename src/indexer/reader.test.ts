import { afterEach, beforeEach, expect, test } from 'vitest'
import { context, docs, Fixture } from './fixture.suite.js'
import { resolveOptions } from './options.js'
import { Reader } from './reader.js'
import { Store, type Version } from './store.js'
import { probeOf } from './vectors.js'

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => fixture.close())

/** Counts the looks for a newer version. */
class CountingStore extends Store {
  looks = 0

  override latest(options?: { exactly?: boolean }): Promise<Version | undefined> {
    this.looks += 1
    return super.latest(options)
  }
}

test('a search in a shard that does not fit into memory looks for a newer version once', async () => {
  const indexer = fixture.indexer()
  await indexer.index(docs([{ id: 'a', embedding: [1, 2] }]))
  const options = resolveOptions({ cacheBytes: 0 })
  const store = new CountingStore({ folder: indexer.workspace, options })
  const reader = new Reader(store, options)
  const ask = async (): Promise<string[]> => {
    const { signal } = context()
    const probes = [probeOf(Float32Array.of(1, 2))]
    const question = { probes, limit: 5, exact: false, withEmbeddings: false, condition: undefined, signal }
    return (await reader.search(question))[0]!.map(({ id }) => id)
  }
  expect(await ask()).toEqual(['a'])
  const before = store.looks
  await indexer.index(docs([{ id: 'b', embedding: [1, 3] }]))
  expect((await ask()).toSorted()).toEqual(['a', 'b'])
  expect(store.looks - before).toBe(1)
  store.close()
})
