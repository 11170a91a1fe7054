import type { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Description } from '../wire/description.js'
import type { AbortListener } from './cancellation.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'
import type { Room } from './room.js'

export type { Description } from '../wire/description.js'

/** What goes along with a request on every hop, beside its bytes. */
export interface Call {
  /** Why nobody waits for the answer any more; undefined while somebody does. */
  readonly aborted: MillraceError | undefined
  /** Calls the listener when the caller leaves or the deadline passes; at once when that has happened. O(1). */
  onAbort(listener: AbortListener): void
  /** Takes the listener off; does nothing when it is none. O(1). */
  offAbort(listener: AbortListener): void
  /** The same as an AbortSignal, which is made when it is first read: for code of users and of others. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; `Infinity` when there is none. */
  readonly deadline: number
  /** Metadata of the caller, lower-case names. Names that start with `__` are Jina's own. */
  readonly headers: Readonly<Record<string, string>>
  /** Who sent it, as far as fairness goes; the same object for all calls of one client. Default: somebody. */
  readonly sender?: Sender
  /** Where documents go as they come; undefined for a call with one answer. */
  readonly items?: ItemSink | undefined
  /** Hears what happens to it; undefined while nobody observes. */
  readonly observation?: Observation | undefined
}

/** One client: a connection, or one stream of requests. */
export interface Sender {
  /** Its requests wait where others would be refused, because it is slowed down by that. */
  readonly patient: boolean
  /** How it came: `grpc`, `local`. */
  readonly protocol?: string
  /** `address:port` of a client elsewhere. */
  readonly client?: string
}

/**
 * One shape from client to executor. An executor's failure is an answer with status ERROR; a rejection means that the request
 * was not answered.
 *
 * Of a streaming call (`call.items`) documents go to the sink as they come, and what the promise gives is the closing answer:
 * status and parameters, no documents unless it failed. A handler that is done, or has failed, pushes no more.
 */
export type Handler<In = DataRequest, Out = DataRequest> = (request: In, call: Call) => Promise<Out>

/** Wraps a handler. A layer with nothing to do returns `next` itself. */
export type Layer = (next: Handler) => Handler

/** What listens: the served side of a transport. */
export interface Service {
  readonly handle: Handler
  /** How many calls it should have at once, where it can tell. */
  readonly room?: Room
  describe(): Description
}
