import type { Pool } from '../balancer/pool.js'
import type { Layer } from '../call/call.js'

/** Endpoint that every pod answers without running an Executor. */
export const dryRunEndpoint = '_jina_dry_run_'

/** Fails a dry run at once when the stage has no replica: a readiness check must report that instead of waiting. */
export function readiness(pool: Pool): Layer {
  return (next) => (request, call) =>
    request.endpoint === dryRunEndpoint && pool.endpoints.usable.length === 0
      ? Promise.reject(pool.noReplica())
      : next(request, call)
}
