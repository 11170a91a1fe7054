import { expect, it } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { backoffMs } from './backoff.js'
import { RestartBudget } from './restart-budget.js'

it('gives max restarts in any window, and says when there is one again', () => {
  const clock = new HandClock()
  const budget = new RestartBudget({ max: 2, windowMs: 1000 }, clock)
  expect(budget.take()).toBe(true)
  clock.move(400)
  expect(budget.take()).toBe(true)
  expect(budget.take()).toBe(false)
  expect(budget.waitMs()).toBe(600)
  clock.move(600)
  expect(budget.waitMs()).toBe(0)
  expect(budget.take()).toBe(true)
  expect(budget.take()).toBe(false)
  expect(budget.waitMs()).toBe(400)
})

it('answered requests make up for restarts, at most for two with each end', () => {
  const clock = new HandClock()
  const budget = new RestartBudget({ max: 1, windowMs: 1000 }, clock)
  expect(budget.take()).toBe(true)
  budget.ended(5)
  expect(budget.take()).toBe(false)
  budget.ended(5)
  expect(budget.take()).toBe(true)
  budget.ended(1e6)
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false])
  clock.move(1000)
  expect([budget.take(), budget.take()]).toEqual([true, false])
})

it('a budget of none is never there', () => {
  const budget = new RestartBudget({ max: 0, windowMs: 1000 }, new HandClock())
  expect(budget.take()).toBe(false)
  expect(budget.waitMs()).toBe(Number.POSITIVE_INFINITY)
})

it('pauses double up to ten seconds, and chance takes at most half of one away', () => {
  const longest = [1, 2, 3, 4, 9, 30].map((deaths) => backoffMs(deaths, () => 1))
  expect(longest).toEqual([0, 100, 200, 400, 10_000, 10_000])
  expect(backoffMs(3, () => 0)).toBe(100)
})
