import type { Description } from '../../../../call/call.js'
import { dryRunEndpoint } from '../../../readiness.js'
import { crud } from '../endpoints.js'
import type { ApiFacts } from './api-facts.js'
import type { EndpointSchemas } from './endpoint-schemas.js'
import {
  bodyOperation,
  type Operation,
  type OperationContext,
  postOperation,
  queryOperation,
  stateOperation,
  streamOperation,
} from './operations.js'
import { jsonAnswer } from './responses.js'
import { object, ref } from './schema.js'

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Routes = readonly (readonly [method: Method, path: string, operation: Operation])[]

/**
 * `paths`: the routes that the gateway's HTTP server has for these rules and endpoints. With documents of v2 they are those that Jina has
 * then (jina.md 4.7): `POST` of endpoints, and of the gateway's state.
 */
export function pathsOf(
  facts: ApiFacts,
  description: Description,
  { schemasOf, isV2 }: Pick<EndpointContext, 'schemasOf' | 'isV2'>,
): Readonly<Record<string, unknown>> {
  const { http, open } = facts
  const context: OperationContext = { hasTokens: open !== null, isV2 }
  const paths: Record<string, Record<string, unknown>> = {}
  const ids = new Set<string>()
  const all = [
    ...ofEndpoints(facts, description, { ...context, schemasOf }),
    ...(http.debugEndpoints && !isV2 ? ofRequests(schemasOf('/'), context) : []),
    ...ofState(facts, context),
  ]
  for (const [method, path, operation] of all) {
    const item = (paths[path] ??= {})
    if (Object.hasOwn(item, method)) continue
    item[method] = { operationId: unusedId(`${method}${path}`, ids), ...operation }
  }
  return paths
}

interface EndpointContext extends OperationContext {
  readonly schemasOf: (endpoint: string) => EndpointSchemas
}

function ofEndpoints({ http }: ApiFacts, description: Description, context: EndpointContext): Routes {
  const { schemasOf, isV2 } = context
  const withBody = (method: string, path: string, endpoint: string): Routes[number] => [
    method.toLowerCase() as Method,
    path,
    bodyOperation(endpoint, schemasOf(endpoint), context),
  ]
  const exposed = Object.entries(http.expose).flatMap(([endpoint, { path, methods }]) =>
    methods.map((method): Routes[number] =>
      method === 'GET'
        ? ['get', path, queryOperation(endpoint, schemasOf(endpoint), context)]
        : withBody(method, path, endpoint),
    ),
  )
  const served = description.endpoints.filter((endpoint) => endpoint !== dryRunEndpoint)
  const own = served.map((endpoint) => withBody('POST', pathOf(endpoint), endpoint))
  if (isV2) return [...exposed.filter(([method]) => method !== 'get'), ...own]
  const streams = served
    .filter((endpoint) => schemasOf(endpoint).isStream)
    .map((endpoint): Routes[number] => ['get', pathOf(endpoint), streamOperation(endpoint, context)])
    .filter(([, path]) => path !== '/')
  const ofJina = [...(http.crudEndpoints ? crud : [])].flatMap(([endpoint, methods]) =>
    ['POST', ...methods].map((method) => withBody(method, endpoint, endpoint)),
  )
  return [...exposed, ...own, ...streams, ...ofJina]
}

function ofRequests(schemas: EndpointSchemas, context: OperationContext): Routes {
  const { hasTokens } = context
  const versions = object(
    { jina: { type: 'object' }, envs: { type: 'object' } },
    { required: ['jina', 'envs'] },
  )
  return [
    ['post', '/post', postOperation(schemas, context)],
    [
      'get',
      '/dry_run',
      stateOperation(
        'An empty request through all stages',
        { 200: jsonAnswer('`code` is 0 when it succeeded, else 1.', ref('Status')) },
        { hasTokens },
      ),
    ],
    ['get', '/status', stateOperation('Versions', { 200: jsonAnswer('Versions.', versions) }, { hasTokens })],
  ]
}

function ofState({ open }: ApiFacts, { hasTokens }: Pick<OperationContext, 'hasTokens'>): Routes {
  const state = (status: string): Readonly<Record<string, unknown>> =>
    object({ status: { const: status } }, { required: ['status'] })
  const health = { hasTokens, isOpen: open?.includes('health') === true }
  return [
    [
      'get',
      '/',
      stateOperation(
        'Jina’s health check',
        { 200: jsonAnswer('The gateway answers.', { type: 'object' }) },
        health,
      ),
    ],
    [
      'get',
      '/health/live',
      stateOperation('Whether the gateway answers', { 200: jsonAnswer('It does.', state('live')) }, health),
    ],
    [
      'get',
      '/health/ready',
      stateOperation(
        'Whether the Flow takes requests',
        { 200: jsonAnswer('It does.', state('ready')), 503: jsonAnswer('It does not.', { type: 'object' }) },
        health,
      ),
    ],
    [
      'get',
      '/openapi.json',
      stateOperation(
        'This document',
        { 200: jsonAnswer('An OpenAPI 3.1 document.', { type: 'object' }) },
        { hasTokens, isOpen: open?.includes('openapi') === true },
      ),
    ],
  ]
}

/** The path of an endpoint, percent-encoded, without braces, which OpenAPI reads as parameters. */
function pathOf(endpoint: string): string {
  const path = endpoint.startsWith('/') ? endpoint : `/${endpoint}`
  return path.split('/').map(encodeURIComponent).join('/')
}

/** `get/v1/foo` → `get_v1_foo`, which generators of clients take as the name of a function. */
function unusedId(route: string, used: Set<string>): string {
  const name = route.replaceAll(/\W+/g, '_').replace(/_+$/, '')
  for (let count = 1; ; count++) {
    const id = count === 1 ? name : `${name}_${count}`
    if (used.has(id)) continue
    used.add(id)
    return id
  }
}
