import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { end, holderOf, holding, lockOf, temporaryFolder } from './fixtures.suite.js'
import { openWorkspace } from './open-workspace.js'
import { dropLocks, renewLocks } from './token.js'

test('the folder of a shard is made and locked for its Flow, whose token lists it', () => {
  const folder = join(temporaryFolder(), 'Indexer')
  const holder = holderOf()
  const shards = [0, 1].map((shardId) => openWorkspace({ folder, shardId, shards: 2, holder }))
  expect(shards).toEqual([join(folder, '0'), join(folder, '1')])
  expect(readFileSync(holder.token, 'utf8')).toBe(
    shards.map((shard) => `${JSON.stringify(shard)}\n`).join(''),
  )
  renewLocks(holder, 1_000_000)
  const locks = shards.map((shard) => lockOf(shard))
  for (const file of [holder.token, ...locks]) expect(statSync(file).mtimeMs).toBe(1_000_000)
  dropLocks(holder)
  expect(shards.map((shard) => holding(shard))).toEqual([null, null])
})

test('other shards of one name may be of other Flows', () => {
  const folder = temporaryFolder()
  openWorkspace({ folder, shardId: 0, shards: 2, holder: holderOf() })
  openWorkspace({ folder, shardId: 1, shards: 2, holder: holderOf() })
  const again = (): string => openWorkspace({ folder, shardId: 1, shards: 2, holder: holderOf() })
  expect(again).toThrow(expect.objectContaining({ code: 'WORKSPACE_CONFLICT' }))
})

test('a worker without a Flow checks the number of shards and locks nothing', () => {
  const folder = temporaryFolder()
  openWorkspace({ folder, shardId: 0, shards: 2, holder: null })
  expect(existsSync(join(folder, '0', '.millrace.lock'))).toBe(false)
  const other = (): string => openWorkspace({ folder, shardId: 0, shards: 1, holder: null })
  expect(other).toThrow('holds data of 2 shards, and this stage has 1 shard')
})

test('a pod that outlived its Flow gets no workspace', () => {
  const folder = temporaryFolder()
  const holder = holderOf()
  end(holder)
  const open = (): string => openWorkspace({ folder, shardId: 0, shards: 1, holder })
  expect(open).toThrow("Flow 'search', whose pod this is, has ended.")
  expect(existsSync(holder.token)).toBe(false)
})
