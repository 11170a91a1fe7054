import type { BreakerRules } from '../../src/balancer/breaker.js'
import type { PolicyName } from '../../src/balancer/policies/index.js'
import type { CreatePolicy } from '../../src/balancer/policies/policy.js'
import type { StageSpec } from '../../src/gateway/spec.js'
import { leastCost } from './least-cost.js'
import { twoChoices } from './two-choices.js'

/** A way to balance, which is one row of each table. All of them retry. */
export interface Contender {
  readonly name: string
  readonly policy: PolicyName | CreatePolicy
  readonly breaker: Partial<BreakerRules>
  readonly hedge: StageSpec['hedge']
  /** Whether replicas report a window; otherwise they get all requests at once. */
  readonly window: boolean
}

/** Replicas are never ejected. */
const noEjection: Partial<BreakerRules> = { inARow: Infinity, minRequests: Infinity }

/** Presets of the option `hedge`. */
const hedge: StageSpec['hedge'] = { afterMs: null, afterPercentile: 95, budget: 0.05 }

/** The default options of a stage. */
export const shipped: Contender = contender('power of two')

/** The behaviour of most gateways. */
export const roundRobinAtOnce: Contender = contender('round robin, no window', {
  policy: 'round-robin',
  window: false,
})

export const powerOfTwoAtOnce: Contender = contender('power of two, no window', { window: false })

export const contenders: readonly Contender[] = [
  roundRobinAtOnce,
  powerOfTwoAtOnce,
  contender('round robin, no ejection', { policy: 'round-robin', breaker: noEjection }),
  contender('round robin', { policy: 'round-robin' }),
  contender('least in flight', { policy: 'least-in-flight' }),
  contender('two choices, in flight only', { policy: twoChoices }),
  contender('least cost of all', { policy: leastCost }),
  contender('power of two, no ejection', { breaker: noEjection }),
  shipped,
  contender('power of two, hedged, no ejection', { breaker: noEjection, hedge }),
  contender('power of two, hedged', { hedge }),
]

function contender(name: string, given: Partial<Contender> = {}): Contender {
  return { name, policy: 'power-of-two', breaker: {}, hedge: null, window: true, ...given }
}
