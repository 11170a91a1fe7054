import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { type BatchChoice, type BatchOptions, parseBatching, type StaticBatchOptions } from './batching.js'

/** Options of `@requests({ … })`. */
export interface RequestsOptions {
  /** One or more endpoints; each starts with `/`. Default `/default`, which serves all endpoints without a handler. */
  readonly on?: string | readonly string[]
  /** The handler changes state: never sent twice. Default true for `/index`, `/update` and `/delete`, false for all others. */
  readonly write?: boolean
  /** Schema of the input documents; not yet supported. */
  readonly input?: unknown
  /** Schema of the output documents; not yet supported. */
  readonly output?: unknown
  /** Joins the documents of several requests for one call of the handler; docs/batching.md. Default: no batching. */
  readonly batch?: BatchOptions
}

/** A value of the static map: the method's name, or an object with options. */
export type StaticRequest =
  | string
  | (Omit<RequestsOptions, 'on' | 'batch'> & { readonly method: string; readonly batch?: StaticBatchOptions })
export type StaticRequests = Readonly<Record<string, StaticRequest>>

const known = ['on', 'method', 'write', 'input', 'output', 'batch']
const notYet = ['input', 'output'] as const

/** The options after they were checked. */
export interface ResolvedOptions {
  readonly on: readonly string[]
  /** Undefined unless it was set. */
  readonly write: boolean | undefined
  /** Undefined unless it was set. */
  readonly batch: BatchChoice | undefined
}

/** Throws UNKNOWN_OPTION, INVALID_OPTION, UNSUPPORTED or INVALID_EXECUTOR; `where` begins the message. */
export function resolveOptions(
  options: Omit<RequestsOptions, 'batch'> & { readonly batch?: object },
  where: string,
): ResolvedOptions {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean '${near}'?`
    throw new MillraceError('UNKNOWN_OPTION', `${where}: there is no option '${key}'; ${hint}`)
  }
  for (const key of notYet) {
    if (options[key] === undefined) continue
    throw new MillraceError('UNSUPPORTED', `${where}: the option '${key}' is not supported yet; leave it out`)
  }
  const { write, on = '/default' } = options
  const batch = options.batch === undefined ? undefined : parseBatching(options.batch, `${where}, batch`)
  if (write !== undefined && typeof write !== 'boolean') {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: 'write' must be true or false, not ${String(write)}`,
    )
  }
  const endpoints: readonly unknown[] = Array.isArray(on) ? on : [on]
  if (endpoints.length === 0) {
    throw new MillraceError('INVALID_EXECUTOR', `${where}: 'on' is empty; name at least one endpoint`)
  }
  return { write, batch, on: [...new Set(endpoints.map((endpoint) => checkEndpoint(endpoint, where)))] }
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
