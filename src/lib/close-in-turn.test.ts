import { expect, test } from 'vitest'
import { closeInTurn } from './close-in-turn.js'
import { HandClock } from './hand-clock.suite.js'

async function graces(graceMs: number, firstTakesMs: number): Promise<number[]> {
  const clock = new HandClock()
  const given: number[] = []
  await closeInTurn(
    [
      async (ms) => {
        given.push(ms)
        clock.move(firstTakesMs)
      },
      async (ms) => void given.push(ms),
    ],
    graceMs,
    clock,
  )
  return given
}

test('the second has what the first leaves, and some of the time in any case', async () => {
  expect(await graces(2000, 300)).toEqual([1500, 1450])
  expect(await graces(2000, 1500)).toEqual([1500, 250])
  expect(await graces(30_000, 29_000)).toEqual([29_000, 500])
  expect(await graces(0, 0)).toEqual([0, 0])
})
