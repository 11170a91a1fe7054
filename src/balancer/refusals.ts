import { MillraceError } from '../errors.js'
import { connectionLoss } from '../call/connection-lost.js'
import type { Loss } from './losses.js'

/** The stage has no replica and will not get one. */
export function noReplica(stage: string, known: readonly string[], why: string): MillraceError {
  const reason =
    why !== ''
      ? why
      : known.length === 0
        ? 'it has no replica'
        : `none of its replicas is connected: ${known.join(', ')}`
  const where = { deployment: stage, address: known.join(', ') || stage }
  const end = reason.endsWith('.') ? '' : '.'
  return new MillraceError('UNAVAILABLE', `No replica can answer for ${stage}: ${reason}${end}`, {
    where,
    notRun: true,
  })
}

/** The queue of the stage is full. */
export function queueFull(stage: string, full: string, retryAfterMs: number): MillraceError {
  const message = `The queue of ${stage} is full: ${full}. Send again in about ${Math.ceil(retryAfterMs)} ms, or raise queue of the stage, or its replicas.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, { notRun: true, retryAfterMs })
}

/** The request would wait in the queue for too long. */
export function queueSlow(stage: string, waitMs: number, maxWaitMs: number): MillraceError {
  const message = `${stage} has had more requests than it can answer for a while, and this one would wait for about ${Math.ceil(waitMs)} ms (queue.maxWaitMs is ${maxWaitMs}). Send again later, or raise the replicas of the stage.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, {
    notRun: true,
    retryAfterMs: Math.max(10, waitMs - maxWaitMs),
  })
}

/** The answer would come after the deadline. */
export function tooLate(stage: string, leftMs: number, estimateMs: number): MillraceError {
  const message = `${stage} answers in about ${Math.ceil(estimateMs)} ms now, and this request has ${Math.floor(leftMs)} ms left. Send again later, or raise the replicas of the stage.`
  return new MillraceError('RESOURCE_EXHAUSTED', message, {
    notRun: true,
    retryAfterMs: Math.max(1, estimateMs - leftMs),
  })
}

/** What happened to the replicas that a request has lost. */
export interface LossReport {
  readonly sentences: string
  readonly output: readonly string[]
}

/** The request is not sent again, because it is considered the cause of lost replicas. */
export function poison(
  error: MillraceError,
  losses: readonly Loss[],
  { sentences, output }: LossReport,
): MillraceError {
  const replicas = losses.length === 1 ? 'a replica was' : `${losses.length} replicas were`
  const isAlone = losses.at(-1)!.requests === 1
  const alone = isAlone ? ', the last one without any other request' : ''
  return new MillraceError(
    'POISON_REQUEST',
    `This request is not sent again: ${replicas} lost while it was there${alone} (maxLostReplicas). ${sentences} Look at what the Executor does with these documents.`,
    { where: error.where, output, cause: error },
  )
}

/** The failure of a request whose replica was lost, with how the replica exited. */
export function lostWith(error: MillraceError, { sentences, output }: LossReport): MillraceError {
  const { code, message, ...facts } = error.facts
  const head = connectionLoss(error) === undefined ? `${message} ` : ''
  return new MillraceError(code, `${head}${sentences}`, { ...facts, output, cause: error })
}
