import { type DocArrayVersion, versionOfList } from '../document/list-version.js'
import type { DataRequest } from './data-request.js'

/**
 * The format of the documents of a request or answer that were not decoded: as their bytes tell (`versionOfList`), else as the message
 * says; undefined when neither does, as for a request without documents. Apart from DataRequest, so that browsers do not load it.
 *
 * @throws MALFORMED, and UNSUPPORTED for a Python pickle
 */
export function versionOf(request: DataRequest): DocArrayVersion | undefined {
  const list = request.data === undefined ? undefined : request.list
  return (list && versionOfList(list)) ?? (request.saysV2 ? 'v2' : undefined)
}
