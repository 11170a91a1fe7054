import { MillraceError, type Whereabouts } from '../../errors.js'
import type { Layer } from '../call.js'

/** Makes whatever comes up from below a MillraceError that says where it happened. */
export function errorContext(where: Whereabouts): Layer {
  const located = (error: unknown): never => {
    throw MillraceError.from(error).at(where)
  }
  return (next) => (request, call) => next(request, call).catch(located)
}
