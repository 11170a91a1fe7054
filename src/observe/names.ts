/**
 * The spans and events of requests, by name, with their fields: the only such table, for access log, status, metrics and
 * traces. Names are never changed. Events have no times: an observer reads its own clock when it is called. Only events of
 * pods, which arrive with the answer, carry durations.
 */

/** Spans, outermost first; each is a child of the one above it. */
interface Spans {
  /** From arrival at the gate to the answer. Each request of a stream of requests has its own span. */
  request: {
    readonly endpoint: string
    readonly requestId: string
    readonly isStream: boolean
  }
  /** A request in a stage. In a streaming call each document that passes a later stage has a span there. */
  stage: { readonly stage: string }
  /** A request in one of several shards of a stage. */
  shard: { readonly shard: string }
  /** One try at one replica, from the moment the replica is picked. `number` counts from 1, hedges included. */
  try: { readonly pod: string; readonly address: string; readonly number: number }
}

/** Events of a request, within a span. */
interface RequestEvents {
  /** The Flow is full, and the request waits behind `waiting` others. */
  'gate.queued': { readonly waiting: number }
  /** The request was admitted, immediately or after waiting. */
  'gate.entered': object
  /** The Flow is full. The span ends with the error. */
  'gate.refused': { readonly code: string }
  /** All replicas are busy, and the request waits behind `waiting` others. The wait ends when the span of a try begins. */
  'replica.queued': { readonly waiting: number }
  /** The stage's queue is full, the answer would come too late, or there is no replica. */
  'replica.refused': { readonly code: string }
  /** A try failed, and another one follows; `number` counts from 1. */
  retry: { readonly number: number; readonly code: string; readonly notRun: boolean }
  /** A try is slow, and another one runs beside it. */
  hedge: { readonly afterMs: number }
  /** Several shards were asked; the counts of their outcomes. */
  'shards.gathered': ShardOutcomes
  /** In the pod: the handler began after `queueMs` in the replica's queue. Not reported by external servers. */
  'worker.started': { readonly queueMs: number }
  /** In the pod: the handler ended after `handlerMs`; `isFailure` when it threw. Not reported by external servers. */
  'worker.finished': { readonly handlerMs: number; readonly isFailure: boolean }
  /**
   * In the pod: documents of the request run in a batch of `documents` documents from `requests` requests. Between
   * `worker.started` and `worker.finished`.
   */
  'batch.started': { readonly documents: number; readonly requests: number }
  /** A document of a stream passed; `number` counts from 1. */
  'stream.item': { readonly number: number; readonly bytes: number }
}

export interface ShardOutcomes {
  readonly ok: number
  /** Their Executor failed. */
  readonly refused: number
  /** They did not answer. */
  readonly failed: number
  /** Not waited for, because others were enough. */
  readonly late: number
  /** Not waited for, because another one failed. */
  readonly dropped: number
}

/** Events of a replica, independent of a request. */
interface ReplicaEvents {
  'replica.state': {
    /** Name of the stage, or of its shard: `exec/shard-1`. */
    readonly stage: string
    readonly pod: string
    readonly state: 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'
  }
}

/** Calls of clients that are no request to the Flow: refused before they became one, or answered by a route of the user's. */
interface CallEvents {
  'call.answered': {
    /** `http`. */
    readonly protocol: string
    /** As in the span of a request's arrival. */
    readonly client: string
    /** The HTTP method and path, without the query. */
    readonly target: string
    readonly requestId: string
    readonly status: number
    readonly ms: number
  }
  'call.refused': {
    /** `grpc`, `http`. */
    readonly protocol: string
    /** As in the span of a request's arrival. */
    readonly client: string
    /** The gRPC method, or the HTTP method and path, without the query. */
    readonly target: string
    /** Empty when the protocol has none yet. */
    readonly requestId: string
    readonly code: string
    readonly error: string
    /** Over HTTP; 499 when the client left. */
    readonly status?: number
    readonly ms: number
  }
}

type Named<T> = { [N in keyof T]: { readonly name: N } & T[N] }[keyof T]

/** A span as it is opened: its name and fields. */
export type Span = Named<Spans>
export type RequestSpan = { readonly name: 'request' } & Spans['request']
export type RequestEvent = Named<RequestEvents>
export type ReplicaEvent = Named<ReplicaEvents>
export type CallEvent = Named<CallEvents>
