import type { Document, DocumentArray } from '../document/index.js'
import type { Logger } from '../observe/logger.js'

/** The second argument of a handler, besides the documents. */
export interface HandlerContext {
  /** Parameters of the request for this executor (jina.md 1.8); a copy, numbers are always floats. */
  readonly parameters: Record<string, unknown>
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
  /** Logs under the name of the replica. */
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
  | Document
  | DocumentArray
  | Results
  | Iterator<Document, unknown, undefined>
  | AsyncIterator<Document, unknown, undefined>

/** A method that serves an endpoint. */
export type HandlerMethod = (
  docs: DocumentArray,
  context: HandlerContext,
) => HandlerResult | Promise<HandlerResult>
