import { MillraceError, type Whereabouts } from '../../errors.js'
import type { Layer } from '../call.js'

/** Turns every rejection into a MillraceError that says where it happened. */
export function errorContext(where: Whereabouts): Layer {
  const located = (error: unknown): never => {
    throw MillraceError.from(error).at(where)
  }
  return (next) => (request, call) => next(request, call).catch(located)
}
