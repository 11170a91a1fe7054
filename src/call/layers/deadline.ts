import { MillraceError } from '../../errors.js'
import type { Clock } from '../../lib/clock.js'
import { within } from '../branch.js'
import type { Layer } from '../call.js'

export interface DeadlineOptions {
  /** Milliseconds for one request; null for no limit. */
  readonly timeoutMs: number | null
  readonly clock: Clock
}

/**
 * Ends a request that takes longer than `timeoutMs` with DEADLINE_EXCEEDED and aborts what is below. A sooner deadline
 * of the call itself stays; whoever set it watches it.
 */
export function deadline({ timeoutMs, clock }: DeadlineOptions): Layer {
  if (timeoutMs === null) return (next) => next
  const late = (): MillraceError =>
    new MillraceError('DEADLINE_EXCEEDED', `There was no answer within ${timeoutMs} ms.`)
  const limit = { clock, timeoutMs, late }
  return (next) => (request, call) =>
    call.deadline <= clock.now() + timeoutMs
      ? next(request, call)
      : within(call, limit, (branch) => next(request, branch))
}
