import { MillraceError } from '../errors.js'
import type { Holding, Share } from './budget.js'
import { type ProgressRules, slowestBytesPerSecond } from './progress.js'

/** The budget of the gateway has no room. */
export function noRoom(forWhat: string, bytes: number, account: Pick<Holding, 'explain'>): MillraceError {
  const what = `There is no room to ${forWhat}: ${account.explain(bytes)}. Send again a little later.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { notRun: true, retryAfterMs: 100 })
}

/** The same, for an answer: the request was executed. */
export function noRoomForAnswer(bytes: number, account: Share): MillraceError {
  const what = `There is no room for an answer of ${bytes} bytes: ${account.explain(bytes)}. Read answers faster, or ask for less at once.`
  return new MillraceError('RESOURCE_EXHAUSTED', what, { retryable: false })
}

/** The message of a request does not come on. */
export function stalledRequest(bytes: number, { stallMs, sendingMs }: ProgressRules): MillraceError {
  const late = sendingMs === null ? '' : `, or it was not complete after ${sendingMs} ms (timeoutMs)`
  const what = `The request stalled after ${bytes} bytes: fewer than ${slowestBytesPerSecond} bytes a second came for ${stallMs} ms (limits.stallMs)${late}.`
  return new MillraceError('DEADLINE_EXCEEDED', what, { notRun: true })
}

/** Answers are not read. */
export function stalledAnswer({ stallMs }: ProgressRules): MillraceError {
  const what = `The client read fewer than ${slowestBytesPerSecond} bytes a second for ${stallMs} ms (limits.stallMs).`
  return new MillraceError('RESOURCE_EXHAUSTED', what)
}

/** Nothing happens on a stream. */
export function idleStream({ idleMs }: ProgressRules): MillraceError {
  const what = `Nothing came or went on this stream for ${idleMs} ms (limits.idleMs).`
  return new MillraceError('DEADLINE_EXCEEDED', what)
}
