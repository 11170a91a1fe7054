import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Account, Budget } from './budget.js'

test('one connection gets half, and the next one half of what is left', () => {
  const budget = new Budget(1000)
  const greedy = budget.share()
  expect(greedy.reserve(500)).toBe(true)
  expect(greedy.reserve(1)).toBe(false)
  const other = budget.share()
  expect(other.reserve(250)).toBe(true)
  expect(other.reserve(1)).toBe(false)
  expect(budget.used).toBe(750)
})

test('a connection gives back what its calls hold when it closes, once', () => {
  const budget = new Budget(1000)
  const share = budget.share()
  const [first, second] = [share.account(), share.account()]
  first.reserve(100)
  second.reserve(50)
  first.close()
  first.close()
  expect(budget.used).toBe(50)
  share.close()
  second.close()
  second.release(50)
  expect(budget.used).toBe(0)
  expect(second.reserve(1)).toBe(false)
})

test('whatever is reserved and given back, sums agree and no limit is passed', () => {
  const step = fc.record({
    call: fc.nat({ max: 5 }),
    kind: fc.constantFrom('reserve', 'release', 'close'),
    bytes: fc.nat({ max: 400 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new Budget(1000)
      const shares = [budget.share(), budget.share()]
      const calls: Account[] = Array.from({ length: 6 }, (_, call) => shares[call % 2]!.account())
      for (const { call, kind, bytes } of steps) {
        const account = calls[call]!
        if (kind === 'reserve') account.reserve(bytes)
        else if (kind === 'release') account.release(Math.min(bytes, account.used))
        else account.close()
        expect(budget.used).toBeLessThanOrEqual(1000)
        expect(budget.used).toBe(shares[0]!.used + shares[1]!.used)
        expect(budget.used).toBe(calls.reduce((sum, { used }) => sum + used, 0))
        for (const { used } of shares) expect(used).toBeLessThanOrEqual(500)
      }
    }),
  )
})
