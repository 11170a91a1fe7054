import { MillraceError } from '../errors.js'
import { Cancellation } from './cancellation.js'

const known = new WeakMap<AbortSignal, Cancellation>()

/**
 * A user's signal as something calls listen to. One listener on the signal for all calls that it is given to: Node looks
 * through the listeners of a signal at every `addEventListener` and `removeEventListener`.
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

/** What a signal was aborted with: a MillraceError as it is, the timeout of `AbortSignal.timeout` as DEADLINE_EXCEEDED. */
export function abortReason(signal: AbortSignal): MillraceError {
  const reason: unknown = signal.reason
  if (MillraceError.is(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError')
    return new MillraceError('DEADLINE_EXCEEDED', 'The time of the signal ran out.', { cause: reason })
  return new MillraceError('CANCELLED', 'The caller aborted the call.', { cause: reason })
}
