import { expect, test } from 'vitest'
import { Turns } from './turns.js'

test('so many go on at once, the others in order', async () => {
  const turns = new Turns(2)
  const began: number[] = []
  const all = [0, 1, 2, 3].map((each) => turns.take().then(() => began.push(each)))
  await Promise.all(all.slice(0, 2))
  expect(began).toEqual([0, 1])
  turns.give()
  await all[2]
  expect(began).toEqual([0, 1, 2])
  turns.give()
  await all[3]
  turns.give()
  turns.give()
  await turns.take()
  await turns.take()
})
