import type { ReplicaLoad } from '../../gateway/events.js'

/** A replica that may leave. */
export interface Candidate {
  readonly name: string
  /** True when it has an admitted pod. */
  readonly running: boolean
}

/**
 * The order in which surplus replicas leave: first replicas that are still starting, then those the gateway sends nothing
 * to, then those with the fewest requests in flight; among equals the youngest first. `replicas` are given oldest first.
 */
export function leavingOrder<R extends Candidate>(
  replicas: readonly R[],
  loads: readonly ReplicaLoad[],
): readonly R[] {
  const byName = new Map(loads.map((load) => [load.name, load]))
  const rank = ({ name, running }: R): number => {
    if (!running) return 0
    return byName.get(name)?.state === 'ready' ? 2 : 1
  }
  const load = ({ name }: R): number => byName.get(name)?.inFlight ?? 0
  // the sort is stable
  return [...replicas].reverse().sort((one, other) => rank(one) - rank(other) || load(one) - load(other))
}
