import type { MillraceError } from '../errors.js'
import type { OpenOwnSpan } from './own-span.js'
import type { CallEvent, ReplicaEvent, RequestEvent, RequestSpan, Span } from '../observe/names.js'
import type { TraceContext } from '../observe/tracing/trace-context.js'
import type { DataRequest } from '../wire/data-request.js'

/**
 * One observer's span of a request; spans have children.
 *
 * 1. A span ends once, after its children; when the call is aborted its spans end immediately.
 * 2. After its end a span gets no events and no children.
 *
 * The methods run during the request, so they must be quick. When one throws, the observer gets no more events of that
 * request, and the request goes on.
 */
export interface Observation {
  /** Headers for the next hop, such as `traceparent`; they override those of the caller. Undefined for none. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The position in a trace that `headers` have as `traceparent`, for hops that need no text. Absent: only `headers` count. */
  readonly context?: TraceContext | undefined
  /** Id of the trace that has the request, for later observers. Absent where nothing is traced. */
  readonly traceId?: string
  /** Whether pods send it the events of the request there. Default true. */
  readonly wantsReport?: boolean
  child(span: Span): Observation
  /**
   * In a pod: begins the span of a batch of so many documents, from its request and those of `others`. Absent where batches have
   * none.
   */
  batch?(documents: number, others: readonly Observation[]): Observation
  /** In a pod: begins a span of the handler's own. Absent where handlers have none. */
  own?(name: string): OpenOwnSpan
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
  /** The caller's headers, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Id of the trace that an earlier observer has begun or continued. */
  readonly traceId?: string
}

/** A request that is not observed, but has headers for its hops. */
export interface Unobserved {
  readonly unobserved: Readonly<Record<string, string>>
}

/** Watches the requests and replicas of a gateway. */
export interface Observer {
  /**
   * Its observations never throw, and ignore what comes after their end: they need no guard, which costs each span an object. Default
   * false.
   */
  readonly keepsContract?: boolean
  /** Called for each request. Returns undefined, or only headers, to not observe it. */
  request(span: RequestSpan, request: DataRequest, arrival: Arrival): Observation | Unobserved | undefined
  replica?(event: ReplicaEvent): void
  call?(event: CallEvent): void
}

/** `OK`, or the code of the error. */
export function codeOf(outcome: Outcome): string {
  if (outcome.kind === 'failed') return outcome.error.code
  return outcome.answer.status?.code === 'ERROR' ? 'EXECUTOR_FAILED' : 'OK'
}

/** The message of the error; empty when there is none. */
export function messageOf(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.error.message : (outcome.answer.status?.description ?? '')
}
