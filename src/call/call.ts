import type { Holding } from '../budget/budget.js'
import type { MillraceError } from '../errors.js'
import type { BatchFigures } from '../observe/batch-figures.js'
import type { TraceContext } from '../observe/tracing/trace-context.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Metric } from '../observe/metrics/report.js'
import type { Description } from '../wire/description.js'
import type { AbortListener } from './cancellation.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'
import type { ConcurrencyLimit } from './concurrency-limit.js'

export type { Description } from '../wire/description.js'

/** The context of a request on every hop: cancellation, deadline, headers, sender, sink, observation. */
export interface Call {
  /** Why the call was aborted; undefined while it is live. */
  readonly aborted: MillraceError | undefined
  /** Calls the listener when the call is aborted (cancelled, or its deadline passed); immediately if it already is. O(1). */
  onAbort(listener: AbortListener): void
  /** Removes the listener; does nothing when it was not added. O(1). */
  offAbort(listener: AbortListener): void
  /** The same as an AbortSignal, created on first read: for user code and libraries. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number
  /** Metadata of the caller, with lower-case names. Names that start with `__` are reserved by Jina. */
  readonly headers: Readonly<Record<string, string>>
  /** What `traceparent` among the headers says, where it came without text. Absent: only the headers count. */
  readonly context?: TraceContext | undefined
  /** The client, for fair queueing; the same object for all calls of one client. Default: `anonymousSender`. */
  readonly sender?: Sender
  /** The sink for the documents of a streaming call; undefined for a call with one answer. */
  readonly items?: ItemSink | undefined
  /** Where the gateway reserves the answers that it holds for the call; undefined when they are not counted. */
  readonly memory?: Holding | undefined
  /** The span of the call; undefined when it is not observed. */
  readonly observation?: Observation | undefined
}

/** One client: a connection, or one stream of requests. */
export interface Sender {
  /** Its requests are queued where others would be refused: waiting slows this sender down. */
  readonly patient: boolean
  /** `grpc` or `local`. */
  readonly protocol?: string
  /** `address:port` of a remote client. */
  readonly client?: string
  /**
   * Where it is, without port; of IPv6 the first 64 bits. Queues are fair between addresses, and between the senders at each.
   */
  readonly address?: string
}

/**
 * Everything between client and executor has this shape. An executor's failure is an answer with status ERROR; a rejection
 * means that the request was not answered.
 *
 * In a streaming call (`call.items`) documents go to the sink one by one, and the promise resolves with the closing answer:
 * status and parameters, without documents unless it failed. Once the promise has settled, the handler pushes nothing.
 */
export type Handler<In = DataRequest, Out = DataRequest> = (request: In, call: Call) => Promise<Out>

/** Wraps a handler. A layer with nothing to do returns `next` itself. */
export type Layer = (next: Handler) => Handler

/** The serving side of a transport. */
export interface Service {
  readonly handle: Handler
  /** How many calls it takes at once; undefined when it has no limit of its own. */
  readonly concurrency?: ConcurrencyLimit
  describe(): Description
  /** The caller is about to leave: from now on no request waits for a batch to fill. Absent when there are no batches. */
  flush?(): void
  /** What it has measured of its batches, for each endpoint with batching; absent when there is none. */
  batches?(): readonly BatchFigures[]
  /** Its current metrics; absent when nothing is measured. */
  measure?(): Promise<readonly Metric[]>
}
