import { MillraceError } from '../errors.js'

/** A request took longer than the Flow or the stage allows. */
export function late(timeoutMs: number): MillraceError {
  return new MillraceError('DEADLINE_EXCEEDED', `There was no answer within ${Math.round(timeoutMs)} ms.`)
}
