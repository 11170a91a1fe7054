import type { Call } from '../../call/call.js'
import { MillraceError } from '../../errors.js'
import { DataRequest } from '../../wire/data-request.js'
import type { Status } from '../../wire/status.js'
import { dryRunEndpoint } from '../readiness.js'
import type { Serving } from '../serving.js'
import { packageVersion } from '../version.js'

/** An empty request through all stages. What fails is in the status; never rejects. */
export async function dryRun({ handle }: Serving, call: Call): Promise<Status> {
  try {
    const answer = await handle(DataRequest.create({ endpoint: dryRunEndpoint }), call)
    return answer.status ?? { code: 'SUCCESS', description: '' }
  } catch (error) {
    return { code: 'ERROR', description: MillraceError.from(error).message }
  }
}

/** What runs here. Environment variables are not told: they may hold secrets. */
export function versions(): Readonly<Record<string, string>> {
  return {
    millrace: packageVersion(),
    node: process.versions.node,
    platform: process.platform,
    architecture: process.arch,
  }
}
