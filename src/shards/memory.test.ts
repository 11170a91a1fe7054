import { expect, test } from 'vitest'
import { Budget } from '../budget/budget.js'
import type { Handler } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { deferred } from '../lib/deferred.js'
import { DataRequest } from '../wire/data-request.js'
import { fakeShard, fakeStage, idsOf, requestOf } from './fakes.suite.js'

function setUp() {
  const budget = new Budget(10_000 / 0.75)
  const call = new Scope(Number.POSITIVE_INFINITY, {})
  call.memory = budget.share().account()
  return { budget, call }
}

const answers =
  (id: string, bytes: number): Handler =>
  async () => {
    const docs = new DocumentArray([new Document({ id, blob: new Uint8Array(bytes) })])
    return DataRequest.decode(DataRequest.create({ endpoint: '/x', docs }).encode())
  }

test('answers of shards are reserved until they are merged', async () => {
  const { budget, call } = setUp()
  const gate = deferred()
  const slow: Handler = async (...args) => {
    await gate.promise
    return answers('d1', 1000)(...args)
  }
  const { handle } = fakeStage([fakeShard(0, answers('d0', 1000)), fakeShard(1, slow)])
  const answer = handle(requestOf('/x', ['d0']), call)
  await expect.poll(() => budget.used).toBeGreaterThan(1000)
  expect(budget.used).toBeLessThan(1100)
  gate.resolve()
  expect(idsOf(await answer)).toEqual(['d0', 'd1'])
  expect(budget.used).toBe(0)
})

test('a shard whose answer does not fit has failed', async () => {
  const { budget, call } = setUp()
  const shards = [0, 1, 2].map((index) => fakeShard(index, answers(`d${index}`, 2000)))
  await expect(fakeStage(shards).handle(requestOf('/x', ['d0']), call)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
  })
  const partial = await fakeStage(shards, { onShardFailure: 'partial' }).handle(requestOf('/x', ['d0']), call)
  expect(partial.parameters.__coverage__).toMatchObject({ exec: { total: 3, ok: 2, failed: 1 } })
  expect(budget.used).toBe(0)
})

test('an answer that comes after the others were enough reserves nothing', async () => {
  const { budget, call } = setUp()
  const gate = deferred()
  const late: Handler = async (...args) => {
    await gate.promise
    return answers('d1', 1000)(...args)
  }
  const shards = [fakeShard(0, answers('d0', 1000)), fakeShard(1, late)]
  const { handle, clock } = fakeStage(shards, { onShardFailure: 'partial', softDeadlineMs: 50 })
  const answer = handle(requestOf('/x', ['d0']), call)
  await expect.poll(() => budget.used).toBeGreaterThan(1000)
  clock.move(50)
  expect(idsOf(await answer)).toEqual(['d0'])
  gate.resolve()
  await new Promise((resolve) => setImmediate(resolve))
  expect(budget.used).toBe(0)
})
