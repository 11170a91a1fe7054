import { MillraceError } from '../../errors.js'
import type { ReceivedFrame } from './frame.js'

/** A call of the dialled side that waits for frames. */
export interface Pending {
  readonly id: number
  readonly deadline: number
  /** What came for it; true when nothing more will come. */
  frame(frame: ReceivedFrame): boolean
  fail(error: MillraceError): void
  /** Lets go of the caller's signal. Called once, after the last frame or failure. */
  release(): void
}

/** Why a caller's signal is aborted, as a MillraceError. */
export function abortReason(signal: AbortSignal): MillraceError {
  const reason: unknown = signal.reason
  if (MillraceError.is(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new MillraceError('DEADLINE_EXCEEDED', reason.message, { cause: reason })
  }
  return new MillraceError('CANCELLED', 'The caller left.', { cause: reason })
}
