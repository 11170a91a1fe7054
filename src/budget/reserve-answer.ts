import { MillraceError } from '../errors.js'
import type { Holding } from './budget.js'
import { noRoomForAnswer } from './refusals.js'

export interface AnswerLimits {
  /** Most bytes of an answer (maxMessageBytes). */
  readonly most: number
  /** Bytes that the protocol adds. Default 0. */
  readonly framing?: number
}

/** Reserves an answer of `bytes` for its client. When it is too large or there is no room, returns the refusal: RESOURCE_EXHAUSTED. */
export function reserveAnswer(
  holding: Pick<Holding, 'reserve' | 'explain'>,
  bytes: number,
  { most, framing = 0 }: AnswerLimits,
): MillraceError | undefined {
  if (bytes > most) {
    const what = `The answer has ${bytes} bytes, more than the limit of ${most} (maxMessageBytes).`
    return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false })
  }
  return holding.reserve(bytes + framing) ? undefined : noRoomForAnswer(bytes, holding)
}
