import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import type { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'

/** Deadline and headers of a client's call. */
export interface CallOptions {
  /** Milliseconds since the epoch; `Infinity` is no deadline. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

/** A call whose documents arrive one by one. */
export interface StreamingCall extends Call {
  readonly items: ItemSink
}

/** How a client reaches a server: gRPC, or a channel to a gateway in the same program. A client uses one for all its calls. */
export interface Transport {
  /** Opens a stream of requests. Rejects when it cannot be opened. */
  open(call: CallOptions, listener: StreamListener): Promise<RequestStream>
  /** Sends one document to a generator: its documents go to the call's sink; resolves with the closing answer. */
  streamDoc(request: DataRequest, call: StreamingCall): Promise<DataRequest>
  /** True when a request through every stage succeeds. Rejects when the transport fails. */
  dryRun(call: CallOptions): Promise<boolean>
  /** The error to report for a failed request to an endpoint: OUTCOME_UNKNOWN when a write may have run. */
  judged(error: unknown, endpoint: string): MillraceError
  /** Ends calls in flight with `reason`. Idempotent. */
  close(reason: MillraceError): Promise<void>
}

/** One stream of requests. */
export interface RequestStream {
  /** False while the write buffer is full: the sender should wait for `onRoom`. */
  readonly hasRoom: boolean
  /** Sends an encoded request with its id. The stream owns the bytes from then on. */
  write(request: Uint8Array, id: string): void
  /** No more requests. */
  end(): void
  /** Ends the stream at once; ignore an `onEnd` that follows. */
  cancel(): void
}

/** Receives the events of a `RequestStream`. */
export interface StreamListener {
  onAnswer(answer: DataRequest): void
  onRoom(): void
  /** Called once, last: undefined when every request was answered, else the failure. */
  onEnd(error: MillraceError | undefined): void
}
