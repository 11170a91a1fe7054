import { expect, it } from 'vitest'
import { createPlan } from './flow-plan.js'

it('metrics with tokens need the tokens of auth', () => {
  const metrics = { auth: true }
  expect(() => createPlan({ metrics })).toThrow('Flow: metrics.auth is true, and there are no tokens.')
  expect(() => createPlan({ metrics, auth: { bearer: ['a'] } })).not.toThrow()
  expect(() => createPlan({ metrics: true })).not.toThrow()
})
