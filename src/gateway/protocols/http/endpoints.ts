import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { nearest } from '../../../lib/nearest.js'
import { dryRunEndpoint } from '../../readiness.js'
import type { Serving } from '../../serving.js'

/** Methods of paths besides POST, which every endpoint of the Flow has. */
const fixed: ReadonlyMap<string, string> = new Map([
  ['/', 'GET'],
  ['/status', 'GET'],
  ['/dry_run', 'GET'],
  ['/health/live', 'GET'],
  ['/health/ready', 'GET'],
  ['/post', 'POST'],
  ['/delete', 'DELETE'],
  ['/update', 'PUT'],
])

/** Jina's HTTP gateways have these paths, whatever the Flow serves (jina.md 4.6). */
const crud: readonly string[] = ['/index', '/search', '/update', '/delete']

/**
 * The endpoint that the path of a request names: one of the Flow or of Jina's CRUD routes. NOT_FOUND for other paths;
 * UNAVAILABLE while a stage has not described itself.
 */
export function endpointOf(
  message: IncomingMessage,
  serving: Pick<Serving, 'describe'>,
): string | MillraceError {
  const path = pathOf(message)
  if (crud.includes(path)) return path
  const endpoints = endpointsOf(serving)
  if (MillraceError.is(endpoints)) return endpoints
  const name = path.slice(1)
  if (endpoints.includes(path)) return path
  if (name !== dryRunEndpoint && endpoints.includes(name)) return name
  return unknown(path, endpoints)
}

/** The methods that a path has; NOT_FOUND for a path with none. */
export function methodsOf(
  message: IncomingMessage,
  serving: Pick<Serving, 'describe'>,
): readonly string[] | MillraceError {
  const own = fixed.get(pathOf(message))
  const endpoint = endpointOf(message, serving)
  if (own === undefined) return MillraceError.is(endpoint) ? endpoint : ['POST']
  return MillraceError.is(endpoint) || own === 'POST' ? [own] : [own, 'POST']
}

function endpointsOf(serving: Pick<Serving, 'describe'>): readonly string[] | MillraceError {
  try {
    return serving.describe().endpoints
  } catch (error) {
    return MillraceError.from(error)
  }
}

/** The path, decoded; '' for one that is not percent-encoded. */
function pathOf({ url = '' }: IncomingMessage): string {
  const [path = ''] = url.split('?', 1)
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}

function unknown(path: string, endpoints: readonly string[]): MillraceError {
  const served = endpoints.filter((endpoint) => endpoint !== dryRunEndpoint)
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  const meant = nearest(path, served)
  const hint =
    meant === undefined ? `The Flow serves: ${served.join(', ') || 'none'}.` : `Did you mean ${meant}?`
  return new MillraceError('NOT_FOUND', `There is no endpoint ${shown}. ${hint}`, { notRun: true })
}
