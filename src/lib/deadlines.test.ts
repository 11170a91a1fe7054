import { expect, test } from 'vitest'
import { Deadlines, deadlinesOf, type Timed } from './deadlines.js'
import { HandClock } from './hand-clock.suite.js'

function setUp() {
  const clock = new HandClock()
  clock.move(1000)
  const deadlines = new Deadlines(clock)
  const expired: [deadline: number, at: number][] = []
  const entry = (deadline: number, expire = (): void => {}): Timed => ({
    deadline,
    watched: undefined,
    expire() {
      expired.push([deadline, clock.now()])
      expire()
    },
  })
  return { clock, deadlines, expired, entry }
}

test('each entry expires at its deadline, once', () => {
  const { clock, deadlines, expired, entry } = setUp()
  const times = [1500, 1200, 1201, 9000, 1200]
  for (const deadline of times) deadlines.watch(entry(deadline))
  clock.move(10_000)
  expect(expired).toEqual([
    [1200, 1200],
    [1200, 1200],
    [1201, 1201],
    [1500, 1500],
    [9000, 9000],
  ])
  expect(clock.timers).toBe(0)
})

test('a thousand entries with the same time limit share one timer', () => {
  const { clock, deadlines, entry } = setUp()
  for (let call = 0; call < 1000; call++) deadlines.watch(entry(clock.now() + 500 + call))
  expect(clock.timers).toBe(1)
})

test('an entry that is unwatched does not expire, and a later one still does', () => {
  const { clock, deadlines, expired, entry } = setUp()
  const [first, second] = [entry(1100), entry(1110)]
  deadlines.watch(first)
  deadlines.watch(second)
  deadlines.unwatch(first)
  deadlines.unwatch(first)
  clock.move(1000)
  expect(expired).toEqual([[1110, 1110]])
})

test('without a deadline nothing is watched', () => {
  const { clock, deadlines, entry } = setUp()
  const endless = entry(Number.POSITIVE_INFINITY)
  deadlines.watch(endless)
  deadlines.unwatch(endless)
  expect(clock.timers).toBe(0)
})

test('a deadline that has passed already expires at the next tick of the clock', () => {
  const { clock, deadlines, expired, entry } = setUp()
  deadlines.watch(entry(10))
  expect(expired).toEqual([])
  clock.move(1)
  expect(expired).toEqual([[10, 1001]])
})

test('an entry may unwatch others and watch new ones while it expires', () => {
  const { clock, deadlines, expired, entry } = setUp()
  const neighbour = entry(1100)
  const first = entry(1100, () => {
    deadlines.unwatch(neighbour)
    deadlines.watch(entry(1100))
    deadlines.watch(entry(1120))
  })
  deadlines.watch(first)
  deadlines.watch(neighbour)
  clock.move(1000)
  expect(expired.map(([deadline]) => deadline)).toEqual([1100, 1100, 1120])
  expect(clock.timers).toBe(0)
})

test('a deadline beyond the longest timer of Node is kept', () => {
  const { clock, deadlines, expired, entry } = setUp()
  const year = 365 * 24 * 3_600_000
  deadlines.watch(entry(1000 + year))
  clock.move(year - 1)
  expect(expired).toEqual([])
  clock.move(1)
  expect(expired).toHaveLength(1)
})

test('there is one queue for a clock', () => {
  const clock = new HandClock()
  expect(deadlinesOf(clock)).toBe(deadlinesOf(clock))
  expect(deadlinesOf(clock)).not.toBe(deadlinesOf(new HandClock()))
})
