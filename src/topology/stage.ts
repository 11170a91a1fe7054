import type { Handler } from '../call/call.js'

/** One stage of a Flow, as the walk sees it. */
export interface Stage {
  readonly name: string
  /** Without an Executor: it answers with what it got and costs no hop. */
  readonly passThrough: boolean
  readonly handle: Handler
  /** What its replicas serve; undefined while nobody knows, then every request visits it. */
  readonly endpoints: () => ReadonlySet<string> | undefined
  /** Whether an endpoint changes its state. */
  isWrite(endpoint: string): boolean
}

/** Endpoint that takes every request that no other endpoint of an Executor is bound to. */
export const catchAll = '/default'

/**
 * Whether a request goes to a stage. `chosen` are the stages its `target_executor` matches; undefined when it has none.
 */
export function visits(stage: Stage, endpoint: string, chosen: ReadonlySet<string> | undefined): boolean {
  if (chosen !== undefined && !chosen.has(stage.name)) return false
  if (stage.passThrough) return true
  const known = stage.endpoints()
  return known === undefined || known.has(endpoint) || known.has(catchAll)
}
