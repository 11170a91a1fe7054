import type { Sender } from './call.js'
import { fromSignal } from './from-signal.js'
import { Scope } from './scope.js'

export interface CallInit {
  readonly deadline?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly sender?: Sender
  /** Aborting it aborts the call. */
  readonly signal?: AbortSignal
}

/** A call of a test; nobody aborts it unless told otherwise. */
export function callOf({
  deadline = Number.POSITIVE_INFINITY,
  headers = {},
  sender,
  signal,
}: CallInit = {}): Scope {
  const call = new Scope(deadline, headers, sender)
  if (signal !== undefined) fromSignal(signal).onAbort(call)
  return call
}
