import type { Pool } from '../balancer/pool.js'
import type { Layer } from '../call/call.js'

/** Endpoint that every pod answers without running an Executor. */
export const dryRunEndpoint = '_jina_dry_run_'

/** Who asks whether a stage is ready must be told, not wait until it is: without a replica a dry run fails at once. */
export function readiness(pool: Pool): Layer {
  return (next) => (request, call) =>
    request.endpoint === dryRunEndpoint && pool.endpoints.usable.length === 0
      ? Promise.reject(pool.noReplica())
      : next(request, call)
}
