import { DataRequest } from '../wire/data-request.js'

/** A request through every stage that runs no handler (jina.md 4.5). */
export function dryRunRequest(): DataRequest {
  return DataRequest.create({ endpoint: '_jina_dry_run_' })
}

export function hasSucceeded({ status }: DataRequest): boolean {
  return status?.code !== 'ERROR'
}
