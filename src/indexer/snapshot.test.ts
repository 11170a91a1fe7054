import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { context, docs, find, Place } from './fixture.suite.js'

let place: Place
beforeEach(() => {
  place = new Place()
})
afterEach(() => place.close())

const none = docs([])
const numbered = (from: number, to: number) =>
  docs(Array.from({ length: to - from }, (_, at) => ({ id: `d${from + at}`, embedding: [from + at, 1] })))

it('a snapshot has what was there, and brings it back in one step, for all replicas', async () => {
  const [first, second] = [place.indexer(), place.indexer()]
  const path = join(place.folder, 'snapshot')
  await first.index(numbered(0, 20))
  await first.snapshot(none, context({ path }))
  await first.index(numbered(10, 40))
  await first.delete(docs([{ id: 'd0' }]), context())
  expect(await find(second, [1, 1], { limit: 100 })).toHaveLength(39)

  await first.restore(none, context({ path }))
  const expected = await find(first, [1, 1], { limit: 100 })
  expect(expected).toHaveLength(20)
  expect(await find(second, [1, 1], { limit: 100 })).toEqual(expected)

  await second.index(numbered(100, 101))
  expect(await find(first, [1, 1], { limit: 100 })).toHaveLength(21)
})

it('a snapshot goes to another workspace as well', async () => {
  const path = join(place.folder, 'snapshot')
  const [from, to] = [place.indexer({}, 0), place.indexer({}, 1)]
  await from.index(numbered(0, 5))
  await from.snapshot(none, context({ path }))
  await to.restore(none, context({ path }))
  expect(await to.count(none, context())).toEqual({ count: 5 })
})

it('while others write, a snapshot is one state', async () => {
  const [writer, other] = [place.indexer({ compactAfter: 2, keepVersionsMs: 0 }), place.indexer()]
  const path = join(place.folder, 'snapshot')
  await writer.index(numbered(0, 2))
  const writes = Array.from({ length: 20 }, (_, at) => writer.index(numbered(2 * at + 2, 2 * at + 4)))
  await other.snapshot(none, context({ path }))
  await Promise.all(writes)
  const copy = place.indexer({}, 1)
  await copy.restore(none, context({ path }))
  const { count } = (await copy.count(none, context())) as { count: number }
  expect(count % 2).toBe(0)
  expect(count).toBeGreaterThanOrEqual(2)
})

it('an empty index has a snapshot too', async () => {
  const path = join(place.folder, 'snapshot')
  const indexer = place.indexer()
  await indexer.snapshot(none, context({ path }))
  await indexer.index(numbered(0, 3))
  await indexer.restore(none, context({ path }))
  expect(await find(indexer, [1, 1])).toEqual([])
  await indexer.index(docs([{ id: 'a', embedding: [1, 2, 3] }]))
  expect(await find(indexer, [1, 2, 3])).toHaveLength(1)
})

it('refuses to overwrite one, to restore none, and what does not fit', async () => {
  const path = join(place.folder, 'snapshot')
  const indexer = place.indexer()
  await indexer.index(numbered(0, 3))
  await indexer.snapshot(none, context({ path }))
  await expect(indexer.snapshot(none, context({ path }))).rejects.toThrow(/already/)
  await expect(indexer.restore(none, context({ path: `${path}-none` }))).rejects.toThrow(/no snapshot/)
  await expect(indexer.restore(none, context())).rejects.toThrow(/path/)
  const other = place.indexer({ columns: { year: 'int' } }, 2)
  await expect(other.restore(none, context({ path }))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  expect(await other.count(none, context())).toEqual({ count: 0 })
  expect(existsSync(join(path, '0', 'snapshot.json'))).toBe(true)
  expect(readdirSync(path)).toEqual(['0'])
})
