import type { MillraceError } from '../errors.js'
import type { ReplicaEvent, RequestEvent, RequestSpan, Span } from '../observe/names.js'
import type { DataRequest } from '../wire/data-request.js'

/**
 * What one request does, as one observer hears it: a span, with spans below it.
 *
 * 1. A span ends once, after the spans below it; a span of a call that is aborted ends at once.
 * 2. After its end a span gets no event and no child.
 *
 * Its methods are called while the request is under way, so they must be quick. When one throws, that observer hears nothing
 * more of the request, and the request goes on.
 */
export interface Observation {
  /** Headers that the next hop gets over those of the caller, `traceparent` for instance; undefined for none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  child(span: Span): Observation
  event(event: RequestEvent): void
  end(outcome: Outcome): void
}

/** How a span ended. An Executor's failure is an answer with status ERROR. */
export type Outcome =
  | { readonly kind: 'answered'; readonly answer: DataRequest }
  | { readonly kind: 'failed'; readonly error: MillraceError }

/** Where a request came from. */
export interface Arrival {
  /** `grpc`, or `local` for a client of the program that started the Flow. */
  readonly protocol: string
  /** `address:port` of the client; empty when it has none. */
  readonly client: string
  /** Of the caller, lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** Watches the requests and replicas of a gateway. */
export interface Observer {
  /** A request came. Undefined when it is not observed. */
  request(span: RequestSpan, request: DataRequest, arrival: Arrival): Observation | undefined
  replica?(event: ReplicaEvent): void
}

/** `OK`, or the code of the error. */
export function codeOf(outcome: Outcome): string {
  if (outcome.kind === 'failed') return outcome.error.code
  return outcome.answer.status?.code === 'ERROR' ? 'EXECUTOR_FAILED' : 'OK'
}
