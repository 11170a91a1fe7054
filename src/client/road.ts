import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import type { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'

/** What goes along with everything a client sends. */
export interface RoadCall {
  /** Milliseconds since the epoch, `Infinity` is none. */
  readonly deadline: number
  readonly headers: Readonly<Record<string, string>>
}

/** A call whose documents come one by one. */
export interface StreamingCall extends Call {
  readonly items: ItemSink
}

/** How a client and a Flow reach each other. One for the whole life of a client. */
export interface Road {
  /** Opens a stream of requests. Rejects with the error of the road when there is no way to open one. */
  open(call: RoadCall, listener: LineListener): Promise<Line>
  /** One document to a generator: its documents go to the sink of the call, and the closing answer comes last. */
  streamDoc(request: DataRequest, call: StreamingCall): Promise<DataRequest>
  /** Whether a request through every stage succeeds. Rejects when the road fails. */
  dryRun(call: RoadCall): Promise<boolean>
  /** Ends what is under way with `reason`. Idempotent. */
  close(reason: MillraceError): Promise<void>
}

/** One stream of requests. */
export interface Line {
  /** False when the sender should wait for `onRoom`. */
  readonly roomy: boolean
  /** An encoded request and its id; the bytes are the line's from now on. */
  write(request: Uint8Array, id: string): void
  /** No more requests. */
  end(): void
  /** Ends it at once; `onEnd` may still be called and does not matter. */
  cancel(): void
}

export interface LineListener {
  onAnswer(answer: DataRequest): void
  onRoom(): void
  /** Once, last: all is answered, or why not. */
  onEnd(error: MillraceError | undefined): void
}
