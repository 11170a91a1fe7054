import { Branch } from '../call/branch.js'
import type { Handler } from '../call/call.js'
import type { Observer } from '../call/observation.js'
import { spanned } from '../call/spanned.js'

/** Wraps a handler so that an observer sees its requests. Without an observer it returns the handler unchanged. */
export function observed(observer: Observer | undefined, next: Handler): Handler {
  if (observer === undefined) return next
  return (request, call) => {
    const { endpoint, requestId } = request
    const { headers, sender: { protocol = '', client = '' } = {} } = call
    const observation = observer.request(
      { name: 'request', endpoint, requestId, isStream: call.items !== undefined },
      request,
      { protocol, client, headers },
    )
    if (observation === undefined) return next(request, call)
    if ('unobserved' in observation) {
      const below = new Branch(call, { headers: { ...headers, ...observation.unobserved } })
      return next(request, below).finally(() => below.unlink())
    }
    return spanned(call, observation, (below) => next(request, below))
  }
}
