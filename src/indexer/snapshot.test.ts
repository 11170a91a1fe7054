import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { context, docs, find, Fixture } from './fixture.suite.js'
import type { VectorIndexerOptions } from './options.js'

let fixture: Fixture
beforeEach(() => {
  fixture = new Fixture()
})
afterEach(() => fixture.close())

const none = docs([])
const indexer = (options: VectorIndexerOptions = {}, shard = 0) =>
  fixture.indexer({ snapshots: join(fixture.folder, 'snapshots'), ...options }, shard)
const numbered = (from: number, to: number) =>
  docs(Array.from({ length: to - from }, (_, at) => ({ id: `d${from + at}`, embedding: [from + at, 1] })))

it('a snapshot has the stored data, and restores it in one step for all replicas', async () => {
  const [first, second] = [indexer(), indexer()]
  const name = 'monday'
  await first.index(numbered(0, 20))
  await first.snapshot(none, context({ name }))
  await first.index(numbered(10, 40))
  await first.delete(docs([{ id: 'd0' }]), context())
  expect(await find(second, [1, 1], { limit: 100 })).toHaveLength(39)

  await first.restore(none, context({ name }))
  const expected = await find(first, [1, 1], { limit: 100 })
  expect(expected).toHaveLength(20)
  expect(await find(second, [1, 1], { limit: 100 })).toEqual(expected)

  await second.index(numbered(100, 101))
  expect(await find(first, [1, 1], { limit: 100 })).toHaveLength(21)
})

it('a snapshot can be restored in another workspace', async () => {
  const name = 'monday'
  const [from, to] = [indexer({}, 0), indexer({}, 1)]
  await from.index(numbered(0, 5))
  await from.snapshot(none, context({ name }))
  await to.restore(none, context({ name }))
  expect(await to.count(none, context())).toEqual({ count: 5 })
})

it('a snapshot is consistent while others write', async () => {
  const [writer, other] = [indexer({ compactAfter: 2, keepVersionsMs: 0 }), indexer()]
  const name = 'monday'
  await writer.index(numbered(0, 2))
  const writes = Array.from({ length: 20 }, (_, at) => writer.index(numbered(2 * at + 2, 2 * at + 4)))
  await other.snapshot(none, context({ name }))
  await Promise.all(writes)
  const copy = indexer({}, 1)
  await copy.restore(none, context({ name }))
  const { count } = (await copy.count(none, context())) as { count: number }
  expect(count % 2).toBe(0)
  expect(count).toBeGreaterThanOrEqual(2)
})

it('an empty index has a snapshot too', async () => {
  const name = 'monday'
  const only = indexer()
  await only.snapshot(none, context({ name }))
  await only.index(numbered(0, 3))
  await only.restore(none, context({ name }))
  expect(await find(only, [1, 1])).toEqual([])
  await only.index(docs([{ id: 'a', embedding: [1, 2, 3] }]))
  expect(await find(only, [1, 2, 3])).toHaveLength(1)
})

it('refuses to overwrite a snapshot, and to restore one that is missing or does not fit', async () => {
  const name = 'monday'
  const only = indexer()
  await only.index(numbered(0, 3))
  await only.snapshot(none, context({ name }))
  await expect(only.snapshot(none, context({ name }))).rejects.toThrow(/already/)
  await expect(only.restore(none, context({ name: `${name}-none` }))).rejects.toThrow(/no snapshot/)
  await expect(only.restore(none, context())).rejects.toThrow(/name/)
  const other = indexer({ columns: { year: 'int' } }, 2)
  await expect(other.restore(none, context({ name }))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  expect(await other.count(none, context())).toEqual({ count: 0 })
  expect(existsSync(join(fixture.folder, 'snapshots', name, '0', 'snapshot.json'))).toBe(true)
  expect(readdirSync(join(fixture.folder, 'snapshots', name))).toEqual(['0'])
})

it('without a folder for them, snapshots are refused', async () => {
  const without = fixture.indexer()
  await expect(without.snapshot(none, context({ name: 'a' }))).rejects.toThrow(/snapshots are off/)
  await expect(without.restore(none, context({ name: 'a' }))).rejects.toThrow(/snapshots are off/)
})

it.each([
  '',
  '.',
  '..',
  '../a',
  'a/b',
  '/etc',
  '/proc/x',
  'a\0b',
  'a\\b',
  '.hidden',
  'a\n',
  'ü',
  7,
  null,
  ['a'],
  'a'.repeat(101),
])('a name that could lead elsewhere is refused: %j', async (name) => {
  const only = indexer()
  await only.index(numbered(0, 3))
  for (const answer of [only.snapshot(none, context({ name })), only.restore(none, context({ name }))]) {
    await expect(answer).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/name/),
    })
  }
  await expect(only.snapshot(none, context({ path: '/proc/x' }))).rejects.toThrow(/did you mean 'name'/)
  expect(existsSync(join(fixture.folder, 'snapshots'))).toBe(false)
})

it('links are never followed', async () => {
  const only = indexer()
  const [snapshots, elsewhere] = [join(fixture.folder, 'snapshots'), join(fixture.folder, 'elsewhere')]
  await only.index(numbered(0, 3))
  await only.snapshot(none, context({ name: 'good' }))
  mkdirSync(elsewhere)
  symlinkSync(elsewhere, join(snapshots, 'linked'))
  await expect(only.snapshot(none, context({ name: 'linked' }))).rejects.toThrow(/cannot hold snapshots/)
  symlinkSync(join(snapshots, 'good'), join(snapshots, 'other'))
  await expect(only.restore(none, context({ name: 'other' }))).rejects.toThrow(/no snapshot 'other'/)
  mkdirSync(join(snapshots, 'shard'))
  symlinkSync(join(snapshots, 'good', '0'), join(snapshots, 'shard', '0'))
  await expect(only.restore(none, context({ name: 'shard' }))).rejects.toThrow(/no snapshot 'shard'/)
  await expect(only.snapshot(none, context({ name: 'shard' }))).rejects.toThrow(/already/)
  // within a snapshot
  const table = join(snapshots, 'good', '0', 'table')
  renameSync(table, join(elsewhere, 'table'))
  symlinkSync(join(elsewhere, 'table'), table)
  await expect(only.restore(none, context({ name: 'good' }))).rejects.toThrow(/neither a file nor a folder/)
  rmSync(table)
  symlinkSync('/etc/passwd', join(elsewhere, 'table', 'secret'))
  renameSync(join(elsewhere, 'table'), table)
  await expect(only.restore(none, context({ name: 'good' }))).rejects.toThrow(/neither a file nor a folder/)
  expect(readdirSync(elsewhere)).toEqual([])
  expect(await only.count(none, context())).toEqual({ count: 3 })
})

it('a folder that cannot be created is refused, and writes continue', async () => {
  const blocked = join(fixture.folder, 'blocked')
  writeFileSync(blocked, '')
  const folders = [blocked, join(fixture.folder, 'not', 'there')]
  if (process.platform === 'linux') folders.push('/proc/x', '/dev/null')
  for (const [shard, snapshots] of folders.entries()) {
    const only = indexer({ snapshots }, shard)
    await only.index(numbered(0, 1))
    await expect(only.snapshot(none, context({ name: 'a' }))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await only.index(numbered(1, 2))
    expect(await only.count(none, context())).toEqual({ count: 2 })
  }
})
