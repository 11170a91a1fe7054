import { MillraceError } from '../errors.js'
import type { Holding } from './budget.js'
import { type ProgressRules, slowestBytesPerSecond } from './progress.js'

/** The refusal of a request that does not fit into the gateway's budget. */
export function noRoom(forWhat: string, bytes: number, account: Pick<Holding, 'explain'>): MillraceError {
  const what = `There is not enough memory to ${forWhat}: ${account.explain(bytes)}. Send again a little later.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { notRun: true, retryAfterMs: 100 })
}

/** The refusal of an answer that does not fit into the gateway's budget: the request was executed. */
export function noRoomForAnswer(bytes: number, account: Pick<Holding, 'explain'>): MillraceError {
  const what = `There is not enough memory for an answer of ${bytes} bytes: ${account.explain(bytes)}. Read answers faster, or ask for less at once.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false })
}

/** The client stopped sending in the middle of a message. */
export function stalledRequest(bytes: number, { stallMs, sendingMs }: ProgressRules): MillraceError {
  const late = sendingMs === null ? '' : `, or it was not complete after ${sendingMs} ms (timeoutMs)`
  const what = `The request stalled after ${bytes} bytes: fewer than ${slowestBytesPerSecond} bytes a second came for ${stallMs} ms (limits.stallMs)${late}.`
  return new MillraceError('DEADLINE_EXCEEDED', what, { notRun: true })
}

/** The client does not read its answers. */
export function stalledAnswer({ stallMs }: ProgressRules): MillraceError {
  const what = `The client read fewer than ${slowestBytesPerSecond} bytes a second for ${stallMs} ms (limits.stallMs).`
  return new MillraceError('RESOURCE_EXHAUSTED', what)
}

/** Neither side sent anything on a stream. */
export function idleStream({ idleMs }: ProgressRules): MillraceError {
  const what = `Nothing came or went on this stream for ${idleMs} ms (limits.idleMs).`
  return new MillraceError('DEADLINE_EXCEEDED', what)
}
