import { MillraceError, type Whereabouts } from '../../errors.js'
import type { Layer } from '../call.js'

export interface ErrorContextOptions {
  readonly where: Whereabouts
  /** What a rejection becomes, once its whereabouts are known. */
  readonly explain: (error: MillraceError) => MillraceError
}

/** Makes whatever comes up from below a MillraceError that says where it happened. */
export function errorContext({ where, explain }: ErrorContextOptions): Layer {
  const located = (error: unknown): never => {
    throw explain(MillraceError.from(error).at(where))
  }
  return (next) => (request, call) => next(request, call).catch(located)
}
