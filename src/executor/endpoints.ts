import { MillraceError } from '../errors.js'
import { nearest } from '../lib/nearest.js'
import { isWriteByName } from '../wire/write-endpoints.js'
import {
  type BatchChoice,
  choiceOf,
  type DynamicBatching,
  mergeChoices,
  resolveBatching,
} from './batching.js'
import { bindingsOf } from './bindings.js'
import type { HandlerMethod } from './context.js'
import type { Endpoint } from './endpoint.js'
import { checkDeclared, declaredEndpoints } from './declared-endpoints.js'
import type { EndpointTypes } from './endpoint-types.js'
import { type ExecutorClass, isBaseClass, isExecutorClass, lineage } from './executor.js'
import { checkEndpoint, resolveOptions, type StaticRequest } from './options.js'

/** Serves every endpoint without a handler of its own. */
export const defaultEndpoint = '/default'
/** Requested by a gateway to check that a pod answers; every executor serves it without running a handler. */
export const dryRunEndpoint = '_jina_dry_run_'

interface Bound {
  /** Its name; for a handler of `typed()` the endpoint. */
  readonly method: string
  /** Of `typed()`; undefined for a method. */
  readonly handler?: HandlerMethod
  /** Undefined unless it was set. */
  readonly write: boolean | undefined
  /** Undefined unless it was set. */
  readonly batch: BatchChoice | undefined
  readonly allowConcurrent: boolean
  readonly types: EndpointTypes | undefined
}

/**
 * The endpoints of a class, found without constructing it; the dry run is not included.
 *
 * Endpoints of ancestors are inherited, a class may rebind them, and a method that overrides another takes over its endpoints.
 * `usesRequests` (endpoint to method) comes last and removes the method's earlier endpoints (jina.md 2.2).
 * `dynamicBatching` (by method or endpoint) is merged over the batching that the class sets.
 *
 * Throws INVALID_EXECUTOR for a method that does not exist or takes more than two arguments, an endpoint bound to two
 * methods of one class, an endpoint without its slash, and one that `Executor.declaring` was given and that is not served so;
 * UNSUPPORTED, UNKNOWN_OPTION and
 * INVALID_OPTION for options, also for batching of an endpoint that cannot be batched.
 */
export function endpointsOf(
  Class: ExecutorClass,
  usesRequests: Readonly<Record<string, string>> = {},
  dynamicBatching: DynamicBatching = {},
): ReadonlyMap<string, Endpoint> {
  if (!isExecutorClass(Class)) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `expected a class that extends Executor, got ${String(Class)}`,
    )
  }
  const bound = new Map<string, Bound>()
  for (const ancestor of lineage(Class)) {
    for (const [path, binding] of ownBindings(ancestor)) bound.set(path, binding)
  }
  const declared = Class[declaredEndpoints]
  if (declared !== undefined)
    checkDeclared(Class.name, declared, { byPath: bound, byDefault: bound.get(defaultEndpoint) })
  rebind(bound, usesRequests)
  const members = membersOf(Class)
  const endpoints = new Map<string, Endpoint>()
  checkBatched(Class, bound, dynamicBatching)
  for (const [path, { method, handler: own, write, batch, allowConcurrent, types = null }] of bound) {
    const handler = resolveHandler(Class, members, { path, method, own })
    const chosen = mergeChoices(batch, choiceOf(dynamicBatching, { path, method }))
    const endpoint = {
      path,
      method,
      handler,
      write: write ?? isWriteByName(path),
      isGenerator: isGenerator(handler),
      batching: resolveBatching(chosen),
      allowConcurrent,
      types,
    }
    checkBatching(endpoint, `${Class.name} '${path}'`)
    endpoints.set(path, endpoint)
  }
  if (isBaseClass(Class)) endpoints.set(defaultEndpoint, passThroughEndpoint)
  return endpoints
}

/** The only endpoint of the base class: documents are passed on unchanged, no handler is called. */
export const passThroughEndpoint: Endpoint = {
  path: defaultEndpoint,
  method: '',
  handler: () => {},
  write: false,
  isGenerator: false,
  batching: null,
  allowConcurrent: false,
  types: null,
}

function ownBindings(Class: ExecutorClass): Map<string, Bound> {
  const bound = new Map<string, Bound>()
  const add = (path: string, binding: Bound) => {
    const former = bound.get(path)
    if (former !== undefined && former.method !== binding.method) {
      throw new MillraceError(
        'INVALID_EXECUTOR',
        `${Class.name}: '${path}' is bound to both ${former.method} and ${binding.method}; an endpoint has one method`,
      )
    }
    bound.set(path, binding)
  }
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
    for (const { on, ...options } of bindingsOf(value))
      for (const path of on) add(path, { method: name, ...options })
  }
  const staticMap = Object.hasOwn(Class, 'requests') ? Class.requests : undefined
  for (const [path, entry] of Object.entries(staticMap ?? {})) add(path, staticBinding(Class, path, entry))
  return bound
}

function staticBinding(Class: ExecutorClass, path: string, entry: StaticRequest): Bound {
  const where = `${Class.name}.requests['${path}']`
  checkEndpoint(path, where)
  if (typeof entry === 'string') return { method: entry, ...unsaid }
  if (
    typeof entry !== 'object' ||
    entry === null ||
    !('handler' in entry || typeof entry.method === 'string')
  ) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: expected a method's name, { method, write, batch } or typed({ … }, handler)`,
    )
  }
  if ('on' in entry) {
    throw new MillraceError('INVALID_EXECUTOR', `${where}: 'on' is the key of the map; leave it out`)
  }
  const { write, batch, allowConcurrent, types } = resolveOptions(entry, where)
  const options = { write, batch, allowConcurrent, types }
  if ('handler' in entry) return { method: path, handler: entry.handler, ...options }
  return { method: entry.method, ...options }
}

function rebind(bound: Map<string, Bound>, usesRequests: Readonly<Record<string, string>>): void {
  const moved = new Set(Object.values(usesRequests))
  const methods = new Map<string, Bound>()
  for (const [path, binding] of bound) {
    const { method } = binding
    methods.set(method, added(methods.get(method), binding))
    if (moved.has(method)) bound.delete(path)
  }
  for (const [path, method] of Object.entries(usesRequests)) {
    checkEndpoint(path, 'usesRequests')
    bound.set(path, methods.get(method) ?? { method, ...unsaid })
  }
}

/** What several endpoints say of one method. */
function added(former: Bound | undefined, binding: Bound): Bound {
  if (former === undefined) return binding
  const { method, write, batch, allowConcurrent, types } = binding
  return {
    method,
    write: write === undefined ? former.write : write || former.write === true,
    batch: batch ?? former.batch,
    allowConcurrent: allowConcurrent || former.allowConcurrent,
    types: types ?? former.types,
  }
}

const unsaid = { write: undefined, batch: undefined, allowConcurrent: false, types: undefined } as const

/** Requires that batching is set for endpoints (or methods) that exist. */
function checkBatched(
  Class: ExecutorClass,
  bound: ReadonlyMap<string, Bound>,
  batching: DynamicBatching,
): void {
  const methods = new Set([...bound.values()].map(({ method }) => method))
  for (const name of Object.keys(batching)) {
    if (bound.has(name) || methods.has(name)) continue
    const near = nearest(name, [...bound.keys(), ...methods])
    const names = [...bound.keys()].join(', ') || 'none'
    const hint = near === undefined ? `its endpoints are: ${names}` : `did you mean '${near}'?`
    throw new MillraceError(
      'INVALID_OPTION',
      `dynamicBatching: ${Class.name} has no endpoint '${name}'; ${hint}`,
    )
  }
}

type Checked = Omit<Endpoint, 'handler'>

function checkBatching({ path, method, write, isGenerator, batching }: Checked, where: string): void {
  if (batching === null) return
  if (isGenerator) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: ${method} is a generator, which runs for each document alone, so it cannot have batching. Return the documents instead, or leave batching out.`,
    )
  }
  if (path === defaultEndpoint) {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: '${defaultEndpoint}' serves requests for different endpoints, which cannot share a batch. Bind ${method} to an endpoint by name, or leave batching out.`,
    )
  }
  const { adaptive = false } = batching
  if (adaptive !== false && batching.idle === 'wait') {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: adaptive needs idle 'flush', not 'wait': while it grows the size, it would wait for documents that nobody sends. Leave one of them out.`,
    )
  }
  if (write && batching.onError === 'isolate') {
    throw new MillraceError(
      'INVALID_OPTION',
      `${where}: onError 'isolate' runs documents again, and a write must not run twice. Use onError 'fail'.`,
    )
  }
}

/** Members of the class and its ancestors below Executor that could be methods; for each name the most derived one. */
function membersOf(Class: ExecutorClass): ReadonlyMap<string, PropertyDescriptor> {
  const members = new Map<string, PropertyDescriptor>()
  for (const ancestor of lineage(Class)) {
    for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(ancestor.prototype))) {
      if (name !== 'constructor' && name !== 'close') members.set(name, member)
    }
  }
  return members
}

function resolveHandler(
  Class: ExecutorClass,
  members: ReadonlyMap<string, PropertyDescriptor>,
  { path, method, own }: { path: string; method: string; own: HandlerMethod | undefined },
): HandlerMethod {
  const where = `${Class.name} '${path}'`
  if (own !== undefined) return checkedHandler(own, { where, method: 'the handler' })
  const member = members.get(method)
  if (member === undefined) {
    const near = nearest(method, members.keys())
    const names = [...members.keys()].join(', ') || 'none'
    const hint = near === undefined ? `its methods are: ${names}` : `did you mean '${near}'?`
    throw new MillraceError('INVALID_EXECUTOR', `${where}: there is no method '${method}'; ${hint}`)
  }
  return checkedHandler(member.value, { where, method })
}

function checkedHandler(
  handler: unknown,
  { where, method }: { readonly where: string; readonly method: string },
): HandlerMethod {
  if (typeof handler !== 'function') {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: '${method}' is not a method; a getter or field cannot serve requests`,
    )
  }
  if (handler.length > 2) {
    throw new MillraceError(
      'INVALID_EXECUTOR',
      `${where}: ${method} takes ${handler.length} arguments; a handler takes (docs, context)`,
    )
  }
  return handler as HandlerMethod
}

function isGenerator(handler: HandlerMethod): boolean {
  return /Generator/u.test(Object.prototype.toString.call(handler))
}
