import type { Handler } from '../call/call.js'

/** One stage of a Flow, as seen by `walk`. */
export interface Stage {
  readonly name: string
  /** Whether it has no Executor: it returns the request unchanged and costs no hop. */
  readonly passThrough: boolean
  readonly handle: Handler
  /** The endpoints that its replicas serve; undefined while they are not known, and then every request visits it. */
  readonly endpoints: () => ReadonlySet<string> | undefined
  /** Whether an endpoint writes to this stage. */
  isWrite(endpoint: string): boolean
}

/** The endpoint whose handler gets the requests for endpoints that no other handler is bound to. */
export const catchAll = '/default'

/**
 * Whether a request goes to a stage. `chosen`: the stages that its `target_executor` matches; undefined when it has none.
 */
export function visits(stage: Stage, endpoint: string, chosen: ReadonlySet<string> | undefined): boolean {
  if (chosen !== undefined && !chosen.has(stage.name)) return false
  if (stage.passThrough) return true
  const known = stage.endpoints()
  return known === undefined || known.has(endpoint) || known.has(catchAll)
}
