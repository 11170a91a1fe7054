import { expect, test } from 'vitest'
import { Budget } from '../budget/budget.js'
import type { Handler } from '../call/call.js'
import { Scope } from '../call/scope.js'
import { Document, DocumentArray } from '../document/index.js'
import { systemClock } from '../lib/clock.js'
import { DataRequest } from '../wire/data-request.js'
import { Targets } from './targets.js'
import { Unserved } from './unserved.js'
import { walk } from './walk.js'

const kb = 1000

/** A walk through stages that answer with one document of so many bytes, with a budget of 10 kB for one call. */
function setUp(bytes: readonly number[]) {
  const budget = new Budget((10 * kb) / 0.75)
  const call = new Scope(Number.POSITIVE_INFINITY, {})
  const account = budget.share().account()
  call.memory = account
  const held: number[] = []
  const stages = bytes.map((length, index) => {
    const handle: Handler = async () => {
      held.push(budget.used)
      const docs = new DocumentArray([new Document({ blob: new Uint8Array(length) })])
      return DataRequest.decode(DataRequest.create({ endpoint: '/x', docs }).encode())
    }
    const isWrite = (endpoint: string): boolean => endpoint === '/index'
    return { name: `s${index}`, passThrough: false, endpoints: () => undefined, isWrite, handle }
  })
  const targets = new Targets(stages.map(({ name }) => name))
  const unserved = new Unserved(stages, { rule: 'pass', say() {} })
  const handle = walk({ stages, targets, clock: systemClock, unserved })
  const post = (endpoint: string): Promise<DataRequest> => handle(DataRequest.create({ endpoint }), call)
  return { post, budget, held, account }
}

test('the answer of a stage is reserved until the next stage has answered, and the last one until the walk ends', async () => {
  const { post, budget, held } = setUp([2 * kb, 1 * kb, 100])
  await post('/x')
  const [first, second, third] = held
  expect(first).toBe(0)
  expect(second).toBeGreaterThan(2 * kb)
  expect(second).toBeLessThan(2.1 * kb)
  expect(third).toBeLessThan(1.1 * kb)
  expect(budget.used).toBe(0)
})

test('an answer that does not fit fails the call, and later stages are not asked', async () => {
  const { post, budget, held } = setUp([1 * kb, 8 * kb, 1 * kb])
  for (const endpoint of ['/x', '/index']) {
    const refused = { code: 'RESOURCE_EXHAUSTED', retryable: false, notRun: false }
    await expect(post(endpoint)).rejects.toMatchObject(refused)
  }
  expect(held).toHaveLength(4)
  expect(budget.used).toBe(0)
})

test('a call that ended meanwhile holds nothing', async () => {
  const { post, budget, account } = setUp([1 * kb, 1 * kb])
  const answer = post('/x')
  account.close()
  await expect(answer).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
  expect(budget.used).toBe(0)
})
