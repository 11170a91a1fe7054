import type { ReplicaLoad } from '../../gateway/events.js'

/** What decides who leaves. */
export interface Candidate {
  readonly name: string
  /** Has a pod that was admitted. */
  readonly running: boolean
}

/**
 * In which order replicas go when there are too many: those that are only starting, those that the gateway sends
 * nothing to, then those with the least to finish; of equals the youngest. `replicas` are given oldest first.
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
