import { expect, it } from 'vitest'
import { HandClock } from '../../lib/hand-clock.suite.js'
import { HandshakePace } from './handshake-pace.js'

it('handshakes begin a tenth of a second’s at once, and then at their rate, in order', () => {
  const clock = new HandClock()
  const pace = new HandshakePace(20, clock)
  const begun: number[] = []
  for (let number = 1; number <= 6; number++) {
    expect(pace.enter(() => begun.push(number), 10_000)).toBe(true)
  }
  expect(begun).toEqual([1, 2])
  clock.move(50)
  expect(begun).toEqual([1, 2, 3])
  clock.move(150)
  expect(begun).toEqual([1, 2, 3, 4, 5, 6])
  clock.move(1000)
  pace.enter(() => begun.push(7), 0)
  pace.enter(() => begun.push(8), 0)
  expect(begun.slice(6)).toEqual([7, 8])
})

it('one whose turn would come too late is refused, and takes no turn of others', () => {
  const clock = new HandClock()
  const pace = new HandshakePace(10, clock)
  const begun: string[] = []
  expect(pace.enter(() => begun.push('first'), 100)).toBe(true)
  expect(pace.enter(() => begun.push('second'), 100)).toBe(true)
  for (let refused = 0; refused < 5; refused++) {
    expect(pace.enter(() => begun.push('late'), 100)).toBe(false)
  }
  clock.move(100)
  expect(pace.enter(() => begun.push('third'), 100)).toBe(true)
  clock.move(100)
  expect(begun).toEqual(['first', 'second', 'third'])
})

it('without a limit all begin at once', () => {
  const pace = new HandshakePace(null, new HandClock())
  let begun = 0
  for (let each = 0; each < 1000; each++) pace.enter(() => begun++, 0)
  expect(begun).toBe(1000)
})
