import type { DocClass, StandardSchema } from '../document/typed/index.js'
import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { type BatchChoice, type BatchOptions, parseBatching, type StaticBatchOptions } from './batching.js'
import type { HandlerMethod } from './context.js'
import { type EndpointTypes, resolveTypes } from './endpoint-types.js'

/** Options of `@requests({ … })`. */
export interface RequestsOptions {
  /** One or more endpoints; each starts with `/`. Default `/default`, which serves all endpoints without a handler. */
  readonly on?: string | readonly string[]
  /** The handler changes state: never sent twice. Default true for `/index`, `/update` and `/delete`, false for all others. */
  readonly write?: boolean
  /** The class of the documents that the handler takes; a request with others is refused. Default: any Documents. */
  readonly input?: DocClass
  /** The class of the documents that the handler returns, which are checked. Default: any Documents. */
  readonly output?: DocClass
  /** The schema of the parameters, which are parsed before the handler runs. Default: any object. */
  readonly parameters?: StandardSchema
  /** Joins the documents of several requests for one call of the handler; docs/batching.md. Default: no batching. */
  readonly batch?: BatchOptions
  /**
   * Batches of the endpoint may run at the same time, up to `maxConcurrency` of the stage. Default false: one after the other,
   * unless `maxConcurrency` says more. Without batching it has no effect: asynchronous handlers overlap anyway.
   */
  readonly allowConcurrent?: boolean
}

/** Options of an entry of the static map. */
export type StaticOptions = Omit<RequestsOptions, 'on' | 'batch'> & { readonly batch?: StaticBatchOptions }

/** What `typed()` returns: an entry of the static map with its handler. */
export interface HandledRequest {
  readonly handler: HandlerMethod
  /** File URL of the module that called `typed()`; null when it has none. */
  readonly module: string | null
}

/** A value of the static map: the method's name, an object with options, or what `typed()` returns. */
export type StaticRequest =
  | string
  | (StaticOptions & { readonly method: string })
  | (StaticOptions & HandledRequest)
export type StaticRequests = Readonly<Record<string, StaticRequest>>

const known = [
  'on',
  'method',
  'handler',
  'module',
  'write',
  'input',
  'output',
  'parameters',
  'batch',
  'allowConcurrent',
]

/** The options that users can set. */
const named = known.filter((name) => name !== 'handler' && name !== 'module')

/** The options after they were checked. */
export interface ResolvedOptions {
  readonly on: readonly string[]
  /** Undefined unless it was set. */
  readonly write: boolean | undefined
  /** Undefined unless it was set. */
  readonly batch: BatchChoice | undefined
  readonly allowConcurrent: boolean
  /** Undefined where nothing is typed. */
  readonly types: EndpointTypes | undefined
}

/** Throws UNKNOWN_OPTION, INVALID_OPTION or INVALID_EXECUTOR; `where` begins the message. */
export function resolveOptions(
  options: Omit<RequestsOptions, 'batch'> & { readonly batch?: object },
  where: string,
): ResolvedOptions {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearest(key, named)
    const hint = near === undefined ? `known are ${named.join(', ')}` : `did you mean '${near}'?`
    throw new MillraceError('UNKNOWN_OPTION', `${where}: there is no option '${key}'; ${hint}`)
  }
  const { write, on = '/default', allowConcurrent = false } = options
  const batch = options.batch === undefined ? undefined : parseBatching(options.batch, `${where}, batch`)
  if (write !== undefined && typeof write !== 'boolean') {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: 'write' must be true or false, not ${String(write)}`,
    )
  }
  if (typeof allowConcurrent !== 'boolean') {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: 'allowConcurrent' must be true or false, not ${String(allowConcurrent)}`,
    )
  }
  const endpoints: readonly unknown[] = Array.isArray(on) ? on : [on]
  if (endpoints.length === 0) {
    throw new MillraceError('INVALID_EXECUTOR', `${where}: 'on' is empty; name at least one endpoint`)
  }
  return {
    write,
    batch,
    allowConcurrent,
    types: resolveTypes(options, where),
    on: [...new Set(endpoints.map((endpoint) => checkEndpoint(endpoint, where)))],
  }
}

/** Throws INVALID_EXECUTOR unless it is a string that begins with a slash. */
export function checkEndpoint(endpoint: unknown, where: string): string {
  if (typeof endpoint === 'string' && endpoint.startsWith('/') && !/\s/u.test(endpoint)) return endpoint
  const given = typeof endpoint === 'string' ? `'${endpoint}'` : String(endpoint)
  const hint =
    typeof endpoint === 'string' && /^[\w-]+$/u.test(endpoint) ? `, for example '/${endpoint}'` : ''
  throw new MillraceError(
    'INVALID_EXECUTOR',
    `${where}: an endpoint starts with '/' and has no spaces${hint}, not ${given}`,
  )
}
