import { MillraceError } from '../errors.js'
import { Cancellation } from './cancellation.js'

const known = new WeakMap<AbortSignal, Cancellation>()

/**
 * Adapts a user's AbortSignal. All calls share one listener on the signal, because Node searches the listeners of a signal at
 * every `addEventListener` and `removeEventListener`.
 */
export function fromSignal(signal: AbortSignal): Cancellation {
  let cancellation = known.get(signal)
  if (cancellation === undefined) {
    const made = new Cancellation()
    if (signal.aborted) made.abort(abortReason(signal))
    else signal.addEventListener('abort', () => made.abort(abortReason(signal)), { once: true })
    known.set(signal, made)
    cancellation = made
  }
  return cancellation
}

/** The abort reason as a MillraceError: the timeout of `AbortSignal.timeout` becomes DEADLINE_EXCEEDED, others CANCELLED. */
export function abortReason(signal: AbortSignal): MillraceError {
  const reason: unknown = signal.reason
  if (MillraceError.is(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new MillraceError('DEADLINE_EXCEEDED', 'The AbortSignal timed out.', { cause: reason })
  return new MillraceError('CANCELLED', 'The caller aborted the call.', { cause: reason })
}
