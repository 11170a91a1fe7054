import type { Document, DocumentArray } from '../document/index.js'
import type {
  DocClass,
  DocInit,
  DocList,
  DocListMethods,
  Infer,
  SchemaOutput,
  StandardSchema,
  TypedBase,
  TypeOptions,
} from '../document/typed/index.js'
import type { OwnSpan } from '../call/own-span.js'
import type { Logger } from '../observe/logger.js'

/** The second argument of a handler, besides the documents. */
export interface HandlerContext<Parameters = Record<string, unknown>> {
  /**
   * Parameters of the request for this executor (jina.md 1.8); a copy, numbers are always floats. Where the endpoint has a schema
   * for them, what it made of them.
   */
  readonly parameters: Parameters
  /** The requested endpoint, `/foo`; also when `/default` serves it. */
  readonly endpoint: string
  /** One array for each incoming request; null when none has documents, and in a batch. */
  readonly docsMatrix: readonly DocumentArray[] | null
  /** The same arrays by the name of the stage that sent them. */
  readonly docsMap: Readonly<Record<string, DocumentArray>>
  /** Aborts when the caller has disconnected or the deadline has passed. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number
  /** The id of the request, the same at every stage. */
  readonly requestId: string
  /** Metadata of the caller, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Runs `run` in a span of its own in the trace of the request, until its promise has settled, and returns what it returns.
   * Without `tracing` of the Flow, and for requests that are not traced, it only runs it. See docs/observability.md.
   *
   * @example
   * const rows = await context.span('lookup', (span) => {
   *   span.setAttribute('db.rows', 100)
   *   return database.find(100)
   * })
   */
  readonly span: <T>(name: string, run: (span: OwnSpan) => T) => T
  /** Logs under the name of the replica, with the fields `requestId` and, when the request is traced, `traceId`. See docs/logs.md. */
  readonly logger: Logger
}

/** A plain object: not an array, collection or promise. */
type Results = object & {
  readonly then?: never
  readonly [Symbol.iterator]?: never
  readonly [Symbol.asyncIterator]?: never
}

/**
 * What a handler may return: nothing, when it has changed its documents in place; documents; a plain object, which becomes
 * `parameters.__results__[pod]`; or a generator of Documents. See docs/executors.md.
 */
export type HandlerResult =
  | void
  | null
  | undefined
  | AnyDocument
  | DocumentArray
  | AnyDocList
  | Results
  | Iterator<AnyDocument, unknown, undefined>
  | AsyncIterator<AnyDocument, unknown, undefined>

type AnyDocument = Document | TypedBase
type AnyDocList = Pick<DocListMethods<DocClass>, 'length' | 'toArray' | typeof Symbol.iterator>

/** A method that serves an endpoint. */
export type HandlerMethod = (
  docs: DocumentArray,
  context: HandlerContext,
) => HandlerResult | Promise<HandlerResult>

/** The method of an endpoint with these options. */
export type TypedHandler<T extends TypeOptions> = (
  docs: T extends { readonly input: infer I extends DocClass } ? DocList<I> : DocumentArray,
  context: HandlerContext<
    T extends { readonly parameters: infer P extends StandardSchema }
      ? SchemaOutput<P>
      : Record<string, unknown>
  >,
) => TypedResult<T> | Promise<TypedResult<T>>

type TypedResult<T extends TypeOptions> = T extends { readonly output: infer O extends DocClass }
  ? TypedDocuments<O> | InPlace<T, O>
  : HandlerResult

type TypedDocuments<O extends DocClass> =
  | DocList<O>
  | InstanceType<O>
  | readonly TypedItem<O>[]
  | Iterator<TypedItem<O>, unknown, undefined>
  | AsyncIterator<TypedItem<O>, unknown, undefined>

/** A document that a handler returns or yields: of the class, or arguments for it. */
type TypedItem<O extends DocClass> = InstanceType<O> | DocInit<O>

/** Documents changed in place must have all fields of the output. */
type InPlace<T extends TypeOptions, O extends DocClass> = T extends {
  readonly input: infer I extends DocClass
}
  ? Infer<I> extends Infer<O>
    ? void | null | undefined
    : never
  : void | null | undefined
