import type { IncomingMessage } from 'node:http'
import { MillraceError } from '../../../errors.js'
import { nearest } from '../../../lib/nearest.js'
import { docsPaths } from '../../docs-page.js'
import { dryRunEndpoint } from '../../readiness.js'
import { defaultHttpRules, type HttpRules } from '../../http-rules.js'
import type { Serving } from '../../serving.js'

/** Methods of paths that are no endpoints. */
const fixed: ReadonlyMap<string, string> = new Map([
  ['/', 'GET'],
  ['/health/live', 'GET'],
  ['/health/ready', 'GET'],
])
/** The same, but for `debugEndpoints: false`. */
const debug: ReadonlyMap<string, string> = new Map([
  ['/status', 'GET'],
  ['/dry_run', 'GET'],
  ['/post', 'POST'],
])

/** Jina's HTTP gateways have these paths, whatever the Flow serves (jina.md 4.6); with the methods besides POST. */
export const crud: ReadonlyMap<string, readonly string[]> = new Map([
  ['/index', []],
  ['/search', []],
  ['/update', ['PUT']],
  ['/delete', ['DELETE']],
])

type Served = Pick<Serving, 'describe' | 'http'>

/**
 * The endpoint that method and path of a request name: one of the Flow, exposed or of Jina's CRUD routes. NOT_FOUND for other
 * paths; UNAVAILABLE while a stage has not described itself.
 */
export function endpointOf(message: IncomingMessage, serving: Served): string | MillraceError {
  const path = pathOf(message)
  const { crudEndpoints, expose } = serving.http ?? defaultHttpRules
  for (const [endpoint, route] of Object.entries(expose)) {
    if (route.path === path && route.methods.some((method) => method === message.method)) return endpoint
  }
  if (crudEndpoints && crud.has(path)) return path
  const endpoints = endpointsOf(serving)
  if (MillraceError.is(endpoints)) return endpoints
  const name = path.slice(1)
  if (endpoints.includes(path)) return path
  if (name !== dryRunEndpoint && endpoints.includes(name)) return name
  return unknown(path, endpoints)
}

/** Whether a request that is no POST names an endpoint. GET does when it asks for a stream, or where it is exposed. */
export function isRoute(message: IncomingMessage, { http = defaultHttpRules }: Served): boolean {
  const path = pathOf(message)
  const { method = '' } = message
  if (http.crudEndpoints && crud.get(path)?.includes(method) === true) return true
  return exposedMethods(path, http).includes(method)
}

/** The methods that a path has; NOT_FOUND for a path with none. */
export function methodsOf(message: IncomingMessage, serving: Served): readonly string[] | MillraceError {
  const rules = serving.http ?? defaultHttpRules
  const path = pathOf(message)
  const endpoint = endpointOf(message, serving)
  const own =
    fixed.get(path) ??
    (rules.debugEndpoints ? debug.get(path) : undefined) ??
    (isDescription(path, rules) ? 'GET' : undefined)
  const methods = [
    ...(own === undefined ? [] : [own]),
    ...(rules.crudEndpoints ? (crud.get(path) ?? []) : []),
    ...exposedMethods(path, rules),
    ...(MillraceError.is(endpoint) ? [] : [...(isStream(endpoint, serving) ? ['GET'] : []), 'POST']),
  ]
  return methods.length === 0 && MillraceError.is(endpoint) ? endpoint : [...new Set(methods)]
}

function isDescription(path: string, { openapi, docs }: HttpRules): boolean {
  return openapi && (path === '/openapi.json' || (docs && docsPaths.includes(path)))
}

/** Whether the handler of an endpoint is a generator: GET is one of its methods then, for clients that accept a stream. */
export function isStream(endpoint: string, serving: Served): boolean {
  return serving.describe().streamEndpoints.includes(endpoint)
}

function exposedMethods(path: string, { expose }: HttpRules): readonly string[] {
  return Object.values(expose).flatMap((route) => (route.path === path ? route.methods : []))
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
