import type { CompressionRules, HttpMethod, HttpRules } from '../gateway/http-rules.js'
import { MillraceError } from '../errors.js'
import { docsPaths } from '../gateway/docs-page.js'
import { functionPath } from './function-path.js'
import type { Option } from './option.js'
import { flag, group, integer, oneOf, orTrue } from './option-kinds.js'

/** Options of the protocol `http`. */
export interface FlowHttp {
  /**
   * Answer 500 when an Executor fails. Default false: 200, with the error in the body, which Jina's clients need; the header
   * `millrace-status` says EXECUTOR_FAILED either way.
   */
  readonly errorStatus: boolean
  /** Origins whose web pages may call the Flow (CORS), such as `https://example.org`; true is all. Default false: none. */
  readonly cors: boolean | readonly string[]
  /** Serve `/index`, `/search`, `/update` and `/delete` even if no Executor has such an endpoint. Default true. */
  readonly crudEndpoints: boolean
  /** Serve `/post`, `/status` and `/dry_run`. Millrace's own client needs `/post`. Default true. */
  readonly debugEndpoints: boolean
  /**
   * Compress answers as the client accepts, with Zstandard, Brotli or gzip, from `minBytes` bytes on; `true` is `{}`. Default
   * `{ minBytes: 1024 }`.
   */
  readonly compression: boolean | null | Partial<CompressionRules>
  /** Additional methods and paths of endpoints. Default `{}`: each has a POST at its own path. */
  readonly expose: Readonly<Record<string, FlowExposure>>
  /** Serve an OpenAPI 3.1 document at `/openapi.json`. Default true. */
  readonly openapi: boolean
  /** Serve a page at `/docs` that shows the OpenAPI document and sends requests; needs `openapi`. Default true. */
  readonly docs: boolean
  /** Title of the OpenAPI document. Default null: the name of the Flow. */
  readonly title: string | null
  /** Description in the OpenAPI document, Markdown. Default null: none. */
  readonly description: string | null
  /**
   * A module whose default export registers routes with Fastify in the gateway, such as `./routes.js` or, for another export,
   * `./routes.js#name`: `(app, { client }) => …`. See `RoutesContext`. Default null: none.
   */
  readonly routes: string | null
}

/** How an endpoint can be called besides by POST at its own path. */
export interface FlowExposure {
  /** Default: the endpoint. */
  readonly path?: string
  /** Default `['POST']`. */
  readonly methods?: readonly HttpMethod[]
}

const origins: Option<boolean | readonly string[]> = {
  expected: "true, false, or a list of origins such as 'https://example.org'",
  preset: false,
  parse(value) {
    if (typeof value === 'boolean') return value
    return Array.isArray(value) && value.length > 0 && value.every(isOrigin) ? value : undefined
  },
}

const method = oneOf<HttpMethod>(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'POST')

/** Paths that the gateway itself serves. */
const own = [
  '/',
  '/post',
  '/status',
  '/dry_run',
  '/health/live',
  '/health/ready',
  '/openapi.json',
  ...docsPaths,
]

/** Arguments of FastAPI's routes in Jina's `expose_endpoints` that only describe the route. */
const descriptive = [
  'name',
  'summary',
  'description',
  'tags',
  'operation_id',
  'response_description',
  'deprecated',
  'include_in_schema',
]

const exposure: Option<HttpRules['expose']> = {
  expected: `an object such as { '/foo': { path: '/v1/foo', methods: ['PUT'] } }, with endpoints and paths that begin with / and are none of ${own.join(', ')}, and no path and method twice`,
  preset: {},
  parse(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const entries = Object.entries(value).map(
      ([endpoint, given]) => [endpoint, routeOf(endpoint, given)] as const,
    )
    const routes = entries.flatMap(([, route]) => route?.methods.map((name) => `${name} ${route.path}`))
    if (routes.includes(undefined) || new Set(routes).size < routes.length) return undefined
    return Object.fromEntries(entries) as HttpRules['expose']
  },
}

/** A text, or nothing: null, or '', which Jina writes. */
const caption: Option<string | null> = {
  expected: 'a text',
  preset: null,
  parse: (value) => (value === null || value === '' ? null : typeof value === 'string' ? value : undefined),
}

const compression: Option<CompressionRules | null> = {
  ...orTrue(group<CompressionRules>({ minBytes: integer(1024, 0) }, '{ minBytes }')),
  preset: { minBytes: 1024 },
}

/** A relative path starts at the working directory. */
const routes: Option<string | null> = {
  expected: "the path of a module, such as './routes.js' or './routes.js#name'",
  preset: null,
  parse(value) {
    if (value === null) return null
    return typeof value === 'string' && value !== '' ? functionPath(value, 'http.routes') : undefined
  },
}

/** Checks and defaults of `http`. */
export const httpOption: Option<HttpRules> = group<HttpRules>(
  {
    errorStatus: flag(false),
    cors: origins,
    crudEndpoints: flag(true),
    debugEndpoints: flag(true),
    compression,
    expose: exposure,
    openapi: flag(true),
    docs: flag(true),
    title: caption,
    description: caption,
    routes,
  },
  `{ errorStatus, cors, crudEndpoints, debugEndpoints, compression, expose, openapi, docs, title, description, routes }: cors is ${origins.expected}; compression is ${compression.expected}; expose is ${exposure.expected}; title and description are texts; routes is ${routes.expected}; the others are true or false`,
)

function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    return new URL(value).origin === value
  } catch {
    return false
  }
}

/** Undefined when the route is not possible. `http_path` is Jina's name for `path`. */
function routeOf(endpoint: string, given: unknown): HttpRules['expose'][string] | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined
  const { path, http_path: jinaPath, methods = ['POST'], ...more } = given as Record<string, unknown>
  if (Object.keys(more).some((key) => !descriptive.includes(key))) return undefined
  const route = path ?? jinaPath ?? endpoint
  if (typeof route !== 'string' || !/^\/[\w\-.~/]*$/.test(route) || own.includes(route)) return undefined
  if (!endpoint.startsWith('/') || !Array.isArray(methods) || methods.length === 0) return undefined
  const parsed = methods.map((name) => method.parse(name))
  return parsed.includes(undefined) ? undefined : { path: route, methods: parsed as HttpMethod[] }
}

/** Routes need a port that speaks HTTP. @throws INVALID_OPTION */
export function checkRoutes({
  http: { routes: module },
  protocol: protocols,
}: {
  readonly http: HttpRules
  readonly protocol: readonly string[]
}): void {
  if (module === null || protocols.includes('http')) return
  throw new MillraceError(
    'INVALID_OPTION',
    `Flow: http.routes needs the protocol 'http', and protocol is ${protocols.map((name) => `'${name}'`).join(', ')}. Add 'http' to protocol.`,
  )
}
