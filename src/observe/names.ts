/**
 * What can be observed of a request, by name, with what is known about it: the one table of access log, status, metrics and
 * traces. A name stays what it is once it is here. Times are not in it, as an observer reads its own clock when it is called,
 * but for events of pods: these arrive with the answer, and carry durations.
 */

/** Parts of a request that begin and end, outermost first; each is a child of the one above it. */
interface Spans {
  /** From its arrival at the gate to its answer. One request of a stream of requests has a span of its own. */
  request: {
    readonly endpoint: string
    readonly requestId: string
    readonly isStream: boolean
  }
  /** In a stage. A document of a stream that goes through a later stage has a span there. */
  stage: { readonly stage: string }
  /** In one of several shards of a stage. */
  shard: { readonly shard: string }
  /** At one replica, from the moment that it was picked. `number` counts from 1, hedges included. */
  try: { readonly pod: string; readonly address: string; readonly number: number }
}

/** What happens to a request between the beginning and the end of a span. */
interface RequestEvents {
  /** The Flow is full, and the request waits, behind so many others. */
  'gate.queued': { readonly waiting: number }
  /** At once, or after its wait. */
  'gate.entered': object
  /** The Flow is full. The span ends with the error. */
  'gate.refused': { readonly code: string }
  /** No replica has room, and the request waits, behind so many others. The span of a try ends the wait. */
  'replica.queued': { readonly waiting: number }
  /** The stage's queue is full, the answer would come too late, or there is no replica. */
  'replica.refused': { readonly code: string }
  /** A try came to nothing, and another one follows; `number` counts from 1. */
  retry: { readonly number: number; readonly code: string; readonly notRun: boolean }
  /** A try is slow, and another one runs beside it. */
  hedge: { readonly afterMs: number }
  /** Shards were asked, and this is what became of them. */
  'shards.gathered': ShardOutcomes
  /** In the pod: the handler began after so many milliseconds in the queue of the replica. Not of external servers. */
  'worker.started': { readonly queueMs: number }
  /** In the pod: the handler has ended after so many milliseconds; `isFailure` when it threw. Not of external servers. */
  'worker.finished': { readonly handlerMs: number; readonly isFailure: boolean }
  /** A document of a stream went by; `number` counts from 1. */
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

/** What happens to a replica, whatever request it has. */
interface ReplicaEvents {
  'replica.state': {
    /** Name of the stage, or of its shard: `exec/shard-1`. */
    readonly stage: string
    readonly pod: string
    readonly state: 'ready' | 'ejected' | 'probing' | 'silent' | 'lost'
  }
}

type Named<T> = { [N in keyof T]: { readonly name: N } & T[N] }[keyof T]

/** The beginning of a span. */
export type Span = Named<Spans>
export type RequestSpan = { readonly name: 'request' } & Spans['request']
export type RequestEvent = Named<RequestEvents>
export type ReplicaEvent = Named<ReplicaEvents>
