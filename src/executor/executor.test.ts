import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Construction, constructWith } from './construction.js'
import { Executor, isBaseClass, isExecutorClass, lineage } from './executor.js'
import { loggerOf } from './fixtures.suite.js'
import { end, holderOf } from '../workspace/fixtures.suite.js'

const folder = mkdtempSync(join(tmpdir(), 'millrace-executor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const construction: Construction = {
  metas: { name: 'Indexer', description: 'd', workspace: '' },
  runtimeArgs: {
    name: 'index/shard-1/rep-0',
    deployment: 'index',
    replica: 0,
    replicas: 2,
    shardId: 1,
    shards: 3,
    workspace: folder,
  },
  requests: new Map(),
  logger: loggerOf([]),
  holder: null,
}

test('the facts of the worker are available inside the constructor, whatever super() is given', () => {
  const seen: unknown[] = []
  class Careless extends Executor {
    readonly field = this.runtimeArgs.name
    constructor({ path }: { path: string }) {
      super()
      seen.push(path, this.metas.name, this.runtimeArgs.shardId, this.requests, this.logger, this.field)
    }
  }
  const made = constructWith(construction, () => new Careless({ path: 'p' }))
  expect(seen).toEqual(['p', 'Indexer', 1, construction.requests, construction.logger, 'index/shard-1/rep-0'])
  expect(made.metas).toBe(construction.metas)
})

test('an executor made inside another one does not get its name', () => {
  class Inner extends Executor {}
  class Outer extends Executor {
    readonly inner = new Inner()
  }
  const outer = constructWith(construction, () => new Outer())
  expect(outer.metas.name).toBe('Indexer')
  expect(outer.inner.metas.name).toBe('Inner')
})

test('nothing is left behind when a constructor throws', () => {
  const refuse = (): never => {
    throw new Error('before super')
  }
  class Failing extends Executor {
    constructor() {
      super(refuse())
    }
  }
  expect(() => constructWith(construction, () => new Failing())).toThrow('before super')
  expect(new Executor().metas.name).toBe('Executor')
})

test('an executor can be created directly, to test its methods', () => {
  class Mine extends Executor {}
  const mine = new Mine({ workspace: folder })
  expect(mine.metas).toEqual({ name: 'Mine', description: '', workspace: '' })
  expect(mine.runtimeArgs).toMatchObject({ name: 'Mine', replica: 0, replicas: 1, shardId: 0, shards: 1 })
  expect(mine.workspace).toBe(join(folder, 'Mine', '0'))
})

test('an executor created directly neither checks nor locks its workspace', () => {
  class Own extends Executor {}
  const metas = { ...construction.metas, name: 'Own' }
  const runtimeArgs = { ...construction.runtimeArgs, shardId: 0 }
  const runs = constructWith({ ...construction, metas, runtimeArgs, holder: holderOf() }, () => new Own())
  const { workspace } = runs
  expect(new Own({ workspace: folder }).workspace).toBe(workspace)
  expect(readdirSync(workspace)).toEqual(['.millrace.lock'])
  expect(readdirSync(join(folder, 'Own'))).toEqual(['0', 'millrace.json'])
  class Fresh extends Executor {}
  expect(readdirSync(new Fresh({ workspace: folder }).workspace)).toEqual([])
  expect(readdirSync(join(folder, 'Fresh'))).toEqual(['0'])
})

test('a workspace that was refused is requested again on the next access', () => {
  const first = holderOf()
  const own = { metas: { ...construction.metas, name: 'Wanted' } }
  const runs = constructWith({ ...construction, ...own, holder: first }, () => new Executor())
  const waits = constructWith({ ...construction, ...own, holder: holderOf() }, () => new Executor())
  const { workspace } = runs
  expect(() => waits.workspace).toThrow(expect.objectContaining({ code: 'WORKSPACE_CONFLICT' }))
  end(first)
  expect(waits.workspace).toBe(workspace)
})

test('the workspace is WORKSPACE/NAME/SHARD, created on first access', () => {
  const made = constructWith(construction, () => new Executor({ workspace: '/elsewhere' }))
  const expected = join(folder, 'Indexer', '1')
  expect(existsSync(expected)).toBe(false)
  expect(made.workspace).toBe(expected)
  expect(existsSync(expected)).toBe(true)
  expect(made.workspace).toBe(expected)
})

test('without a workspace of the stage, that of metas counts', () => {
  const metas = { ...construction.metas, workspace: join(folder, 'metas') }
  const runtimeArgs = { ...construction.runtimeArgs, workspace: null }
  const made = constructWith({ ...construction, metas, runtimeArgs }, () => new Executor())
  expect(made.workspace).toBe(join(folder, 'metas', 'Indexer', '1'))
})

test('classes are recognized by a brand, so that another copy of the package may define them', () => {
  class Child extends Executor {}
  class Grandchild extends Child {}
  class ForeignBase {
    readonly foreign = true
  }
  Object.defineProperty(ForeignBase, Symbol.for('millrace.executor'), { value: true })
  class Foreign extends ForeignBase {}
  expect([Executor, Child, Grandchild, Foreign].map((value) => isExecutorClass(value))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect([Map, 'Executor', null, new Child()].some((value) => isExecutorClass(value))).toBe(false)
  expect([Executor, Child, Foreign].map((value) => isBaseClass(value))).toEqual([true, false, false])
  expect(lineage(Grandchild)).toEqual([Child, Grandchild])
})
