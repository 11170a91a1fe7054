import { MillraceError, type Whereabouts } from '../../errors.js'
import type { Span } from '../../observe/names.js'
import type { Layer } from '../call.js'
import { openSpan } from '../span-call.js'
import { spanned } from '../spanned.js'
import { errorContext } from './error-context.js'

/** Opens this span for each observed request. */
export function observe(span: Span): Layer {
  return (next) => (request, call) => {
    const { observation } = call
    if (observation === undefined) return next(request, call)
    return spanned(call, observation.child(span), (below) => next(request, below))
  }
}

/** `observe`, and beneath it `errorContext`: as one layer they cost an observed request one promise and not two. */
export function observeAt(span: Span, where: Whereabouts): Layer {
  return (next) => {
    const unobserved = errorContext(where)(next)
    return (request, call) => {
      const { observation } = call
      if (observation === undefined) return unobserved(request, call)
      const below = openSpan(call, observation.child(span))
      return next(request, below).then(
        (answer) => {
          below.answered(answer)
          return answer
        },
        (error: unknown) => {
          const located = MillraceError.from(error).at(where)
          below.failed(located)
          throw located
        },
      )
    }
  }
}
