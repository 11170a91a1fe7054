import { guarded } from '../call/guarded.js'
import type { Observer } from '../call/observation.js'
import type { Logger } from '../observe/logger.js'
import { accessLog } from './access-log/access-log.js'
import type { GatewaySpec } from './spec.js'
import type { ResolvedTools } from './tools.js'

/**
 * All observers of a gateway as one: its tracer, its access log, and those of `tools`. What they throw is logged once.
 * Undefined when there is none.
 */
export function gatewayObserver(
  { accessLog: rules = null, http }: GatewaySpec,
  tools: ResolvedTools,
  tracer: Observer | undefined,
): Observer | undefined {
  const { observers = [], logger } = tools
  const own = [
    // first: the access log has the ids of traces that begin here
    ...(tracer ? [tracer] : []),
    ...(rules === null ? [] : [accessLog(rules, { ...tools, ...http })]),
  ]
  return guarded([...own, ...observers], onceTo(logger))
}

/** Logs the first error that an observer throws, because it may throw at every request. */
function onceTo(logger: Pick<Logger, 'warn'>): (error: unknown) => void {
  let isLogged = false
  return (error) => {
    if (isLogged) return
    isLogged = true
    logger.warn('An observer of this gateway threw; requests go on without it.', { error })
  }
}
