import type { Call } from '../call/call.js'
import { inSpanOf } from '../call/own-span.js'
import { DocumentArray } from '../document/index.js'
import type { Logger } from '../observe/logger.js'
import { parseTraceparent } from '../observe/tracing/trace-context.js'
import { withFields } from '../observe/with-fields.js'
import type { Part, Route } from '../wire/data-request.js'
import type { HandlerContext } from './context.js'
import type { EndpointTypes } from './endpoint-types.js'
import { parseParameters } from './typed-request.js'

/** The common properties of both kinds of request. */
export interface RequestHead {
  readonly requestId: string
  readonly endpoint: string
  readParameters(): Readonly<Record<string, unknown>>
  readonly routes: readonly Route[]
  /** The answers that the documents were concatenated from; undefined for a single answer, empty when they are not known. */
  readonly parts?: readonly Part[] | undefined
}

export interface ContextSource {
  readonly head: RequestHead
  readonly docs: DocumentArray
  readonly call: Call
  /** `metas.name` of the executor. */
  readonly name: string
  readonly logger: Logger
  readonly types: EndpointTypes | null
}

/**
 * The context of one invocation. Everything is computed on access: most handlers use two or three properties, and parameters,
 * routes and an abort signal cost more than the invocation itself.
 */
export class EndpointContext implements HandlerContext {
  readonly #source: ContextSource
  #parameters: Record<string, unknown> | undefined
  #logger: Logger | undefined

  constructor(source: ContextSource) {
    this.#source = source
  }

  get parameters(): Record<string, unknown> {
    return (this.#parameters ??= this.#read())
  }

  /** Reads the parameters now. Throws INVALID_INPUT when the schema refuses them. */
  parse(): void {
    this.#parameters = this.#read()
  }

  get endpoint(): string {
    return this.#source.head.endpoint
  }

  get docsMatrix(): readonly DocumentArray[] | null {
    const { docs, head } = this.#source
    return docs.length === 0 || head.parts?.length === 0 ? null : this.#arrays().map(([, docs]) => docs)
  }

  get docsMap(): Readonly<Record<string, DocumentArray>> {
    return Object.fromEntries(this.#arrays().filter(([from]) => from !== undefined))
  }

  get signal(): AbortSignal {
    return this.#source.call.signal
  }

  get deadline(): number {
    return this.#source.call.deadline
  }

  get requestId(): string {
    return this.#source.head.requestId
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#source.call.headers
  }

  /** A getter, so that a handler may take it apart: `{ span }`. */
  get span(): HandlerContext['span'] {
    return (name, run) => inSpanOf(this.#source.call, name, run)
  }

  get logger(): Logger {
    const { logger, head, call } = this.#source
    return (this.#logger ??= withFields(logger, requestFields(head.requestId, call)))
  }

  #read(): Record<string, unknown> {
    const { head, name, types } = this.#source
    const own = ownParameters(head.readParameters(), name)
    // what the schema gives is what the handler's type says
    return parseParameters(types, own) as Record<string, unknown>
  }

  /** The documents as the arrays that were received, each with its sender. */
  #arrays(): readonly (readonly [from: string | undefined, docs: DocumentArray])[] {
    const { docs, head } = this.#source
    const { parts, routes } = head
    if (parts === undefined) return [[routes.at(-1)?.executor, docs]]
    let start = 0
    return parts.map(({ from, count }) => [from, docs.slice(start, (start += count))])
  }
}

/** The fields by which the log lines of a request are found: its id, and that of its trace when it is traced. */
export function requestFields(requestId: string, { headers }: Pick<Call, 'headers'>): object {
  const trace = parseTraceparent(headers.traceparent)
  return { requestId, ...(trace?.isSampled === true && { traceId: trace.trace.text }) }
}

/**
 * A copy of the parameters with the Struct under the executor's own name merged over them, as in Jina's worker
 * (jina.md 1.8). The gateway handles `exec1__k`: it knows the names of all stages and removes the prefixed keys.
 * Spread instead of assignment: a key `__proto__` stays a key.
 */
function ownParameters(parameters: Readonly<Record<string, unknown>>, name: string): Record<string, unknown> {
  const own = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  if (typeof own !== 'object' || own === null || Array.isArray(own)) return { ...parameters }
  return { ...parameters, ...own }
}
