import type { Call } from '../../call/call.js'
import { DataRequest } from '../../wire/data-request.js'
import type { Status } from '../../wire/status.js'
import { dryRunEndpoint } from '../readiness.js'
import type { Serving } from '../serving.js'
import { packageVersion } from '../version.js'

/** Sends an empty request through all stages. Rejects with the error of the stage that is not ready. */
export async function dryRun({ handle }: Serving, call: Call): Promise<Status> {
  const { status } = await handle(DataRequest.create({ endpoint: dryRunEndpoint }), call)
  return status ?? { code: 'SUCCESS', description: '' }
}

/** Versions of Millrace and its platform. Environment variables are left out, because they may hold secrets. */
export function versions(): Readonly<Record<string, string>> {
  return {
    millrace: packageVersion(),
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
  }
}
