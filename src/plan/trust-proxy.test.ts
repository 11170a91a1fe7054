import { expect, it } from 'vitest'
import { createPlan } from './flow-plan.js'
import type { FlowOptions } from './flow-settings.js'

const of = (trustProxy: unknown): unknown => createPlan({ trustProxy } as FlowOptions).settings.trustProxy

it.each([
  [false, false],
  [true, true],
  [2, 2],
  [
    ['10.0.0.0/8', '::1'],
    ['10.0.0.0/8', '::1'],
  ],
  ['127.0.0.1', ['127.0.0.1']],
])('%j is taken', (given, resolved) => {
  expect(of(given)).toEqual(resolved)
})

it.each([0, -1, 1.5, 33, [], null, ['10.0.0.0/33'], ['10.0.0.0/8', 5], 'yes', {}])(
  '%j is refused when the Flow is built',
  (given) => {
    expect(() => of(given)).toThrow(/Flow: trustProxy must be false, true, the number of proxies/)
  },
)
