import { describe, expect, test } from 'vitest'
import { Window } from './window.js'

/** A window whose event loop is busy as long as a test says. */
function windowOf(limit: number | null = null) {
  let busy = 1000
  let now = 0
  const window = new Window({ limit, busyMs: () => busy })
  return {
    window,
    /** Tasks one after the other: milliseconds that each holds the event loop, and then waits. */
    tasks(count: number, holdsMs: number, waitsMs = 0) {
      for (let task = 0; task < count; task++) {
        const began = now
        window.began(task === 0, now)
        busy += holdsMs
        now += holdsMs + waitsMs
        window.ended(now - began, now, task === count - 1)
      }
    },
    idle: (ms: number) => void (now += ms),
    background: (ms: number) => void (busy += ms),
  }
}

describe('the window of a replica', () => {
  test('is two before anything is known', () => {
    expect(windowOf().window.size).toBe(2)
  })

  test.each([
    [20, 1],
    [5, 1],
    [4, 2],
    [0.6, 2],
    [0.24, 5],
    [0.099, 26],
    [0.03, 278],
    [0.001, 1000],
  ])('of tasks that take %d ms is %d', (ms, size) => {
    const { window, tasks } = windowOf()
    tasks(100, ms)
    expect(window.size).toBe(size)
  })

  test('is one after a single long task', () => {
    const { window, tasks } = windowOf()
    tasks(1, 20)
    expect(window.size).toBe(1)
  })

  test('forgets a long first task, which loads and compiles what later ones find, after a few short ones', () => {
    const { window, tasks } = windowOf()
    tasks(1, 125)
    tasks(16, 0.099)
    expect(window.size).toBe(26)
    expect(window.ageMs).toBe(0)
  })

  test('does not count what tasks wait for, unless only so many may run', () => {
    const free = windowOf()
    free.tasks(100, 0.099, 20)
    expect(free.window.size).toBe(26)
    const limited = windowOf(4)
    limited.tasks(100, 0.099, 40)
    expect(limited.window.size).toBe(2)
    const single = windowOf(1)
    single.tasks(100, 0.099, 40)
    expect(single.window.size).toBe(1)
  })

  test('does not count what the event loop did while there was no task', () => {
    const { window, tasks, background } = windowOf()
    tasks(100, 0.099)
    background(500)
    tasks(100, 0.099)
    expect(window.size).toBe(26)
  })

  test('is small for a mixture in proportion to what the long ones take', () => {
    const { window, tasks } = windowOf()
    for (let round = 0; round < 50; round++) {
      tasks(9, 0.02)
      tasks(1, 20)
    }
    expect(window.size).toBeLessThanOrEqual(2)
  })

  test('is what it was when one task in a hundred was held up', () => {
    const { window, tasks } = windowOf()
    tasks(200, 0.099)
    for (let round = 0; round < 5; round++) {
      tasks(1, 8)
      expect(window.size).toBe(26)
      tasks(99, 0.099)
      expect(window.size).toBe(26)
    }
  })

  test('is small after a few long tasks, and grows again with short ones', () => {
    const { window, tasks } = windowOf()
    tasks(200, 0.099)
    tasks(4, 40)
    expect(window.size).toBe(1)
    tasks(500, 0.099)
    expect(window.size).toBeGreaterThan(20)
  })

  test('of long tasks is two while the next one is long in coming, and is tried with one now and then', () => {
    const { window, tasks, idle } = windowOf()
    tasks(3, 20)
    const sizes = (wayMs: number, count: number): number[] =>
      Array.from({ length: count }, () => {
        window.wanted()
        idle(wayMs)
        tasks(1, 20)
        return window.size
      })
    expect(sizes(1, 40)).not.toContain(2)
    const busy = sizes(15, 200)
    expect(busy.filter((size) => size === 2).length).toBeGreaterThan(150)
    expect(busy).toContain(1)
    expect(sizes(1, 40).slice(36)).toEqual([1, 1, 1, 1])
  })

  test('stays one where nobody waits for the replica, however long it is idle', () => {
    const { window, tasks, idle } = windowOf()
    for (let round = 0; round < 40; round++) {
      idle(100)
      tasks(1, 20)
    }
    expect(window.size).toBe(1)
  })
})
