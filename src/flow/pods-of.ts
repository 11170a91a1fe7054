import { MillraceError } from '../errors.js'
import type { Fault } from '../pods/fault.js'
import type { PodKind } from '../pods/index.js'
import type { Exit } from '../pods/pod.js'

/** A pod that a Flow of this program has started, for whoever wants to see it fail. */
export interface PodControl {
  readonly stage: string
  /** `exec/rep-0`. */
  readonly name: string
  readonly pid: number
  readonly runtime: PodKind
  /** Resolves once when this very pod has ended. Never rejects. */
  readonly exited: Promise<Exit>
  /** To the process of the pod, nobody when that has ended; of a thread or container only SIGKILL. @throws UNSUPPORTED for what has no process of its own */
  signal(signal: NodeJS.Signals): void
  /** @throws UNSUPPORTED for an inline pod */
  fault(fault: Fault): void
}

const lists = new WeakMap<object, () => readonly PodControl[]>()

/** Notes how the pods of a running Flow are found; null when it does not run any more. */
export function notePods(flow: object, list: (() => readonly PodControl[]) | null): void {
  if (list === null) lists.delete(flow)
  else lists.set(flow, list)
}

/**
 * The pods of a running Flow that take requests.
 *
 * @internal
 * @throws NOT_STARTED
 */
export function podsOf(flow: object): readonly PodControl[] {
  const list = lists.get(flow)
  if (list === undefined) throw new MillraceError('NOT_STARTED', 'This Flow has no pods, as it does not run.')
  return list()
}
