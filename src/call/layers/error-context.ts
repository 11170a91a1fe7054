import { MillraceError, type Whereabouts } from '../../errors.js'
import type { Layer } from '../call.js'

export interface ErrorContextOptions {
  readonly where: Whereabouts
  /** Maps a rejection after `where` was added to it. */
  readonly explain: (error: MillraceError) => MillraceError
}

/** Turns every rejection into a MillraceError that says where it happened. */
export function errorContext({ where, explain }: ErrorContextOptions): Layer {
  const located = (error: unknown): never => {
    throw explain(MillraceError.from(error).at(where))
  }
  return (next) => (request, call) => next(request, call).catch(located)
}
