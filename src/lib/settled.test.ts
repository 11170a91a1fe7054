import { expect, test } from 'vitest'
import { deferred } from './deferred.js'
import { settled } from './settled.js'

test('gives what all of them give', async () => {
  expect(await settled([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2])
})

test('fails with the first failure, after all have ended', async () => {
  const late = deferred()
  let outcome = 'pending'
  const all = settled([Promise.reject(new Error('first')), late.promise.then(() => 1)]).catch(
    (error: unknown) => (outcome = String(error)),
  )
  await new Promise((resolve) => setImmediate(resolve))
  expect(outcome).toBe('pending')
  late.resolve()
  await all
  expect(outcome).toBe('Error: first')
})
