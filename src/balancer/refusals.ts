import { MillraceError } from '../errors.js'

/** No replica, and none to come. */
export function nobody(stage: string, known: readonly string[], why: string): MillraceError {
  const reason =
    why !== ''
      ? why
      : known.length === 0
        ? 'it has no replica'
        : `none of its replicas is connected: ${known.join(', ')}`
  const where = { deployment: stage, address: known.join(', ') || stage }
  return new MillraceError('UNAVAILABLE', `Nobody is there to answer for ${stage}: ${reason}.`, {
    where,
    notRun: true,
  })
}

/** So many wait already. */
export function queueFull(stage: string, full: string, retryAfterMs: number): MillraceError {
  const message = `The queue of ${stage} is full: ${full}. Send again in about ${Math.ceil(retryAfterMs)} ms, or raise queue of the stage, or its replicas.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true, retryAfterMs })
}

/** It would wait for too long. */
export function queueSlow(stage: string, waitMs: number, maxWaitMs: number): MillraceError {
  const message = `${stage} has had more requests than it can answer for a while, and this one would wait for about ${Math.ceil(waitMs)} ms (queue.maxWaitMs is ${maxWaitMs}). Send again later, or raise the replicas of the stage.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, {
    notRun: true,
    retryAfterMs: Math.max(10, waitMs - maxWaitMs),
  })
}

/** It would be answered too late. */
export function tooLate(stage: string, leftMs: number, estimateMs: number): MillraceError {
  const message = `${stage} answers in about ${Math.ceil(estimateMs)} ms now, and this request has ${Math.floor(leftMs)} ms left. Send again later, or raise the replicas of the stage.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, {
    notRun: true,
    retryAfterMs: Math.max(1, estimateMs - leftMs),
  })
}

/** A write was with a replica that is gone. */
export function outcomeUnknown(error: MillraceError): MillraceError {
  const { code: _code, message, ...facts } = error.facts
  const pod = error.where.pod ?? 'The replica'
  return new MillraceError(
    'OUTCOME_UNKNOWN',
    `${pod} was lost while it ran a write, which is therefore not sent again; whether it was done is unknown. ${message}`,
    { ...facts, cause: error, retryable: false },
  )
}
