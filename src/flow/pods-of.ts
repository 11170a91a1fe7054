import { MillraceError } from '../errors.js'
import type { Fault } from '../pods/fault.js'
import type { PodKind } from '../pods/index.js'
import type { Exit } from '../pods/pod.js'

/** A pod of a running Flow, for tests that make it fail. */
export interface PodControl {
  readonly stage: string
  /** `exec/rep-0`. */
  readonly name: string
  readonly pid: number
  readonly runtime: PodKind
  /** Resolves when this pod has exited. Never rejects. */
  readonly exited: Promise<Exit>
  /** Signals the pod's process; does nothing when it has exited. A thread or container accepts SIGKILL only. @throws UNSUPPORTED for pods without a process of their own */
  signal(signal: NodeJS.Signals): void
  /** @throws UNSUPPORTED for an inline pod */
  fault(fault: Fault): void
}

const lists = new WeakMap<object, () => readonly PodControl[]>()

/** Registers how to list the pods of a running Flow; null when it has stopped. */
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
  if (list === undefined)
    throw new MillraceError('NOT_STARTED', 'This Flow is not running, so it has no pods.')
  return list()
}
