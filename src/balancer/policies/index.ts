import { leastInFlight } from './least-in-flight.js'
import type { CreatePolicy, Policy } from './policy.js'
import { powerOfTwo } from './power-of-two.js'
import { roundRobin } from './round-robin.js'

/** The kinds of policy: the values of the option `balance`. */
export type PolicyName = 'power-of-two' | 'round-robin' | 'least-in-flight'

const policies: Readonly<Record<PolicyName, CreatePolicy>> = {
  'power-of-two': powerOfTwo,
  'round-robin': roundRobin,
  'least-in-flight': leastInFlight,
}

export const policyNames: readonly PolicyName[] = Object.keys(policies) as PolicyName[]

/** Creates the policy of that name; `random` returns numbers in [0, 1). */
export function createPolicy(name: PolicyName, random: () => number): Policy {
  return policies[name](random)
}
