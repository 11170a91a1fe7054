import { expect, test } from 'vitest'
import { type Deferred, deferred } from '../lib/deferred.js'
import { HandClock } from '../lib/hand-clock.suite.js'
import { WriteQueue } from './write-queue.js'

/** A queue whose groups are performed when the test says so. */
function setUp() {
  const clock = new HandClock()
  const groups: { readonly writes: readonly string[]; readonly end: Deferred }[] = []
  const queue = new WriteQueue<string>(async (group) => {
    const end = deferred()
    groups.push({ writes: group.map(({ write }) => write), end })
    await end.promise
    for (const { write, done } of group) done.resolve(write)
  }, clock)
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const begun = async (): Promise<readonly (readonly string[])[]> => {
    await turn()
    return groups.map(({ writes }) => writes)
  }
  /** Ends the newest group, `ms` after it began. */
  const end = async (ms: number): Promise<void> => {
    clock.move(ms)
    groups.at(-1)!.end.resolve()
    await turn()
  }
  return { queue, clock, begun, end }
}

test('writes that arrive together, or while others are performed, become one group', async () => {
  const { queue, begun, end } = setUp()
  const answers = ['a', 'b'].map((write) => queue.submit(write))
  expect(await begun()).toEqual([['a', 'b']])
  answers.push(...['c', 'd', 'e'].map((write) => queue.submit(write)))
  expect(await begun()).toEqual([['a', 'b']])
  await end(10)
  expect(await begun()).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ])
  await end(10)
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e'])
})

test('clients that each send their next write when the last one is answered share every group', async () => {
  const { queue, begun, end } = setUp()
  const client = async (name: string): Promise<void> => {
    await queue.submit(`${name}1`)
    await queue.submit(`${name}2`)
  }
  const clients = ['a', 'b', 'c'].map(client)
  expect(await begun()).toEqual([['a1', 'b1', 'c1']])
  await end(10)
  expect(await begun()).toEqual([
    ['a1', 'b1', 'c1'],
    ['a2', 'b2', 'c2'],
  ])
  await end(10)
  await Promise.all(clients)
})

test('a group waits for as many writes as the last one had, for the time that this took and at most 50 ms', async () => {
  for (const [took, longest] of [
    [10, 10],
    [1000, 50],
  ] as const) {
    const { queue, clock, begun, end } = setUp()
    for (const write of ['a', 'b', 'c']) void queue.submit(write)
    await begun()
    void queue.submit('d')
    await end(took)
    clock.move(longest - 1)
    expect(await begun()).toHaveLength(1)
    clock.move(1)
    expect(await begun()).toEqual([['a', 'b', 'c'], ['d']])
    // one write is as many as the last group had
    await end(took)
    void queue.submit('e')
    expect(await begun()).toEqual([['a', 'b', 'c'], ['d'], ['e']])
  }
})

test('a queue that is closed performs what it has without waiting for more, and refuses more', async () => {
  const { queue, begun, end, clock } = setUp()
  const answers = ['a', 'b', 'c'].map((write) => queue.submit(write))
  await begun()
  answers.push(queue.submit('d'))
  await end(10)
  expect(await begun()).toHaveLength(1)
  const closed = queue.close()
  await expect(queue.submit('e')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect(await begun()).toEqual([['a', 'b', 'c'], ['d']])
  await end(10)
  await closed
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd'])
  expect(clock.timers).toBe(0)
})

test('a failure rejects the writes of its group, and the next group is performed', async () => {
  let calls = 0
  const queue = new WriteQueue<string>(async (group) => {
    calls += 1
    if (calls === 1) throw new Error('full')
    for (const { write, done } of group) done.resolve(write)
  }, new HandClock())
  await expect(queue.submit('a')).rejects.toThrow('full')
  expect(await queue.submit('b')).toBe('b')
})
