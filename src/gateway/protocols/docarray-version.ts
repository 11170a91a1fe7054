import type { DocArrayVersion } from '../../document/list-version.js'
import type { DataRequest } from '../../wire/data-request.js'
import { versionOf } from '../../wire/version.js'

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>

/** Whether a client says that it speaks DocArray v2, by the header or metadata `docarray: v2`. */
export function saysV2(headers: Headers): boolean {
  return headers['docarray'] === 'v2'
}

/**
 * Has a request of DocArray v2 say so, for stages that get an empty list from the stage before them. A client says it itself for requests
 * without documents.
 */
export function marked(request: DataRequest, headers: Headers): DataRequest {
  const known = knownVersion(request)
  if (known === undefined ? saysV2(headers) : known === 'v2') request.saysV2 = true
  return request
}

/** Documents that cannot be read are left to the Executor, whose answer says why. */
function knownVersion(request: DataRequest): DocArrayVersion | undefined {
  try {
    return versionOf(request)
  } catch {
    return 'v1'
  }
}
