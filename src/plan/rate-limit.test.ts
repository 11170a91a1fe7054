import { expect, it } from 'vitest'
import type { FlowOptions } from './flow-settings.js'
import { createPlan } from './flow-plan.js'

const of = (rateLimit: object): unknown => createPlan({ rateLimit } as FlowOptions).settings.rateLimit

it('a rate limit is by address and has a burst of one second by default', () => {
  expect(of({ perSecond: 2.5 })).toEqual({ perSecond: 2.5, burst: 3, by: 'address' })
  expect(of({ perSecond: 0.1 })).toEqual({ perSecond: 0.1, burst: 1, by: 'address' })
  expect(of({ perSecond: 5, burst: 50, by: { header: 'X-Tenant' } })).toEqual({
    perSecond: 5,
    burst: 50,
    by: { header: 'x-tenant' },
  })
})

it.each([
  {},
  { perSecond: 0 },
  { perSecond: -1 },
  { perSecond: '5' },
  { perSecond: Number.NaN },
  { perSecond: Number.POSITIVE_INFINITY },
  { perSecond: 5, burst: 0 },
  { perSecond: 5, burst: 1.5 },
  { perSecond: 5, by: 'user' },
  { perSecond: 5, by: { header: '' } },
  { perSecond: 5, by: { header: 'a b' } },
  { perSecond: 5, by: { header: 'a', cookie: 'b' } },
  { perSecond: 5, per: 'minute' },
])('%j is refused when the Flow is built', (rateLimit) => {
  expect(() => of(rateLimit)).toThrow(/Flow: rateLimit must be null, or \{ perSecond, burst, by \}/)
})

it('a rate limit by token needs auth', () => {
  const rateLimit = { perSecond: 1, by: 'token' } as const
  expect(() => createPlan({ rateLimit })).toThrow("Flow: rateLimit.by is 'token', and without auth")
  expect(() => createPlan({ rateLimit, auth: { bearer: ['a'] } })).not.toThrow()
})
