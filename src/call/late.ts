import { MillraceError } from '../errors.js'

/** The error of a request that took longer than the Flow or the stage allows. */
export function late(timeoutMs: number): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', `There was no answer within ${Math.round(timeoutMs)} ms.`)
}
