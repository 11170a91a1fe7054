import { expect, test } from 'vitest'
import { Semaphore } from './semaphore.js'

test('so many go on at once, the others in order', async () => {
  const semaphore = new Semaphore(2)
  const began: number[] = []
  const all = [0, 1, 2, 3].map((each) => semaphore.acquire().then(() => began.push(each)))
  await Promise.all(all.slice(0, 2))
  expect(began).toEqual([0, 1])
  semaphore.release()
  await all[2]
  expect(began).toEqual([0, 1, 2])
  semaphore.release()
  await all[3]
  semaphore.release()
  semaphore.release()
  await semaphore.acquire()
  await semaphore.acquire()
})
