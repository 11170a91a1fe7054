import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Document } from '../document/index.js'
import { Batches } from './batches.js'
import { resolveInputs } from './inputs.js'

async function all(inputs: unknown, size: number): Promise<string[][]> {
  const batches = new Batches(await resolveInputs(inputs), size)
  const got: string[][] = []
  for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
    got.push(batch.map((document: Document) => document.text))
  }
  return got
}

test('batches together are the inputs, all full but the last, sync and async alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string(), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: -1, max: 12 }),
      async (words, size) => {
        const sync = await all(words, size)
        const async_ = await all(async function* () {
          yield* words
        }, size)
        expect(async_).toEqual(sync)
        expect(sync.flat()).toEqual(words)
        expect(sync.every((batch) => batch.length > 0)).toBe(true)
        if (size > 0) expect(sync.slice(0, -1).every((batch) => batch.length === size)).toBe(true)
        else expect(sync.length).toBe(1)
      },
    ),
  )
})

test('nothing, as an empty array too, is one empty batch; a generator without documents is none', async () => {
  expect(await all(undefined, 10)).toEqual([[]])
  expect(await all([], 10)).toEqual([[]])
  expect(await all(function* () {}, 10)).toEqual([])
})

test('a sync source is answered without a promise', async () => {
  const batches = new Batches(await resolveInputs(['a']), 1)
  expect(batches.next()).toBeInstanceOf(Array)
})

test('the iterator is returned once when it is left early, and not when it ended', async () => {
  let returned = 0
  const source = {
    *[Symbol.iterator]() {
      try {
        yield 'a'
        yield 'b'
      } finally {
        returned++
      }
    },
  }
  const left = new Batches(await resolveInputs(source), 1)
  await left.next()
  left.close()
  left.close()
  expect(returned).toBe(1)
  const ended = new Batches(await resolveInputs(source), 5)
  await ended.next()
  ended.close()
  expect(returned).toBe(2)
  expect(await left.next()).toBeUndefined()
})

test('what the source throws is the cause, even when it is one of our errors', async () => {
  const cause = new TypeError('disk')
  const sync = new Batches(
    await resolveInputs(function* () {
      yield 'a'
      throw cause
    }),
    1,
  )
  await sync.next()
  expect(() => sync.next()).toThrow(expect.objectContaining({ code: 'INPUT_FAILED', cause }))
})
