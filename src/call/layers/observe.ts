import type { Span } from '../../observe/names.js'
import type { Layer } from '../call.js'
import { spanned } from '../spanned.js'

/** Opens this span for each observed request. */
export function observe(span: Span): Layer {
  return (next) => (request, call) => {
    const { observation } = call
    if (observation === undefined) return next(request, call)
    return spanned(call, observation.child(span), (below) => next(request, below))
  }
}
