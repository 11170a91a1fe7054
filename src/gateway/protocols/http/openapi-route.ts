import type { FastifyRequest } from 'fastify'
import { MillraceError } from '../../../errors.js'
import type { Serving } from '../../serving.js'
import { packageVersion } from '../../version.js'
import { saysV2 } from '../docarray-version.js'
import type { Exchange } from './exchange.js'
import { jsonType } from './failure.js'
import type { ApiFacts } from './openapi/api-facts.js'
import { openApi } from './openapi/openapi.js'

/**
 * `GET /openapi.json`: the routes that there are now. 503 while a stage has not described its endpoints. With the header `docarray: v2`, or
 * `?docarray=v2` for tools that only take an address, as clients see them that send documents of v2.
 */
export function openApiRoute(
  serving: Pick<Serving, 'describe'>,
  facts: Omit<ApiFacts, 'version'>,
): (exchange: Exchange, request: FastifyRequest) => void {
  const version = packageVersion()
  return (exchange, request) => {
    try {
      const { headers: given, query } = request
      const isV2 = saysV2(given) || (query as { readonly docarray?: unknown }).docarray === 'v2'
      const document = {
        ...openApi({ ...facts, version }, serving.describe(), { isV2 }),
        ...serversOf(request),
      }
      // a rolling update may change the endpoints
      const headers = { 'content-type': jsonType, 'cache-control': 'no-cache' }
      exchange.answer(200, headers, JSON.stringify(document))
    } catch (error) {
      exchange.fail(MillraceError.from(error))
    }
  }
}

/** Where clients reach the gateway, when a trusted proxy says that. By default it is where the document came from. */
function serversOf({ protocol, host, headers }: FastifyRequest): { readonly servers?: readonly object[] } {
  const isForwarded =
    (headers['x-forwarded-host'] !== undefined && host !== headers.host) ||
    (headers['x-forwarded-proto'] !== undefined && protocol === 'https')
  const isUrl = /^https?$/.test(protocol) && /^[\w.:[\]-]{1,255}$/.test(host)
  return isForwarded && isUrl ? { servers: [{ url: `${protocol}://${host}` }] } : {}
}
