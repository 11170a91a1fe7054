import type { DocumentArray } from '../document/index.js'
import type { Logger } from '../observe/logger.js'

/** The second argument of a handler, besides the documents. */
export interface HandlerContext {
  /** Parameters of the request for this executor (jina.md 1.8); a copy, numbers are always floats. */
  readonly parameters: Record<string, unknown>
  /** The requested endpoint, `/foo`; also when `/default` serves it. */
  readonly endpoint: string
  /** One array for each incoming request; null when none has documents. */
  readonly docsMatrix: readonly DocumentArray[] | null
  /** The same arrays by the name of the stage that sent them. */
  readonly docsMap: Readonly<Record<string, DocumentArray>>
  /** Aborts when the caller has gone or the deadline has passed. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number
  readonly requestId: string
  /** Metadata of the caller, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly logger: Logger
}

/** A method that serves an endpoint. See docs/executors.md for what it may return. */
export type HandlerMethod = (docs: DocumentArray, context: HandlerContext) => unknown
