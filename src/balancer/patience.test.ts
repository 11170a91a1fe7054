import { expect, test } from 'vitest'
import { HandClock } from '../lib/hand-clock.suite.js'
import { Patience } from './patience.js'
import type { Expectation } from './waiting-room.js'

function patient() {
  const clock = new HandClock()
  const told: Expectation[] = []
  const patience = new Patience({ clock, ms: 60_000, expect: (expectation) => told.push(expectation) })
  return { clock, told, patience }
}

const waits = { expecting: true, why: '' }
const gaveUp = { expecting: false, why: 'it has had no replica for 60 s' }

test('requests wait for the first replica, and are refused when none comes for a minute', () => {
  const { clock, told } = patient()
  expect(told).toEqual([waits])
  clock.move(59_999)
  expect(told).toHaveLength(1)
  clock.move(1)
  expect(told.at(-1)).toEqual(gaveUp)
})

test('a replica that comes late makes them wait again', () => {
  const { clock, told, patience } = patient()
  clock.move(60_000)
  patience.settle(true)
  expect(told.at(-1)).toEqual(waits)
})

test('the time begins when the last one goes', () => {
  const { clock, told, patience } = patient()
  clock.move(50_000)
  patience.settle(true)
  clock.move(50_000)
  patience.settle(false)
  clock.move(59_999)
  expect(told.at(-1)).toEqual(waits)
  clock.move(1)
  expect(told.at(-1)).toEqual(gaveUp)
})
