import type { Holding } from '../budget/budget.js'
import { MillraceError } from '../errors.js'
import type { DataRequest } from '../wire/data-request.js'
import type { Call, Sender } from './call.js'
import { type AbortListener, Cancellation } from './cancellation.js'
import type { ItemSink } from './items.js'
import type { Observation } from './observation.js'
import { anonymousSender } from './scope.js'

/** The call of a part of a request that has a span: with the span's headers for the next hop. */
export interface SpanCall extends Call {
  readonly observation: Observation
  /** Headers without those of the span. */
  readonly outerHeaders: Call['headers']
  /** Ends the span. */
  answered(answer: DataRequest): void
  /** Ends the span. */
  failed(error: unknown): void
}

/**
 * The call of a new span below `call`. The caller ends it with `answered` or `failed`.
 *
 * 1. When a call is aborted, its open spans end immediately, the last one first.
 * 2. A span costs its call no listener, and no promise: only the first one below a call that may be aborted on its own (`Outermost`)
 *    listens. The ones below that (`Inner`) are in its list.
 */
export function openSpan(call: Call, observation: Observation): SpanCall {
  const outermost = call instanceof Outermost ? call : call instanceof Inner ? call.outermost : undefined
  return outermost === undefined ? new Outermost(call, observation) : new Inner(call, outermost, observation)
}

/** The headers of a call that its own span has not added. */
export function outerHeaders(call: Call): Call['headers'] {
  return call instanceof Outermost || call instanceof Inner ? call.outerHeaders : call.headers
}

class Outermost extends Cancellation implements SpanCall {
  readonly deadline: number
  readonly sender: Sender
  readonly memory: Holding | undefined
  readonly items: ItemSink | undefined
  readonly observation: Observation
  /** The last span that was opened in it and is open. */
  newest: Inner | undefined = undefined
  readonly #call: Call

  constructor(call: Call, observation: Observation) {
    super()
    const { items } = call
    this.deadline = call.deadline
    this.sender = call.sender ?? anonymousSender
    this.memory = call.memory
    this.items = items === undefined ? undefined : new ObservedItems(items, observation)
    this.observation = observation
    this.#call = call
    call.onAbort(this)
  }

  get outerHeaders(): Call['headers'] {
    return this.#call.headers
  }

  get headers(): Call['headers'] {
    return withHeaders(this.#call, this.observation)
  }

  override abort(error: MillraceError): void {
    super.abort(error)
    for (let span = this.newest; span !== undefined; span = span.older) span.end(error)
    this.newest = undefined
    this.observation.end({ kind: 'failed', error })
  }

  answered(answer: DataRequest): void {
    this.observation.end({ kind: 'answered', answer })
    this.#call.offAbort(this)
  }

  failed(error: unknown): void {
    this.observation.end({ kind: 'failed', error: MillraceError.from(error) })
    this.#call.offAbort(this)
  }
}

/** A view of a call: whatever aborts that call aborts it. */
class Inner implements SpanCall {
  readonly outermost: Outermost
  readonly observation: Observation
  readonly items: ItemSink | undefined
  /** Its neighbours in the list of open spans. */
  older: Inner | undefined
  newer: Inner | undefined = undefined
  readonly #call: Call

  constructor(call: Call, outermost: Outermost, observation: Observation) {
    this.#call = call
    this.outermost = outermost
    this.observation = observation
    const { items } = call
    this.items = items === undefined ? undefined : new ObservedItems(items, observation)
    this.older = outermost.newest
    if (outermost.aborted !== undefined) this.end(outermost.aborted)
    else {
      if (this.older !== undefined) this.older.newer = this
      outermost.newest = this
    }
  }

  get aborted(): MillraceError | undefined {
    return this.outermost.aborted
  }

  get signal(): AbortSignal {
    return this.outermost.signal
  }

  get deadline(): number {
    return this.outermost.deadline
  }

  get sender(): Sender {
    return this.outermost.sender
  }

  get memory(): Holding | undefined {
    return this.#call.memory
  }

  get outerHeaders(): Call['headers'] {
    return this.#call.headers
  }

  get headers(): Call['headers'] {
    return withHeaders(this.#call, this.observation)
  }

  onAbort(listener: AbortListener): void {
    this.outermost.onAbort(listener)
  }

  offAbort(listener: AbortListener): void {
    this.outermost.offAbort(listener)
  }

  answered(answer: DataRequest): void {
    this.observation.end({ kind: 'answered', answer })
    this.#unlist()
  }

  failed(error: unknown): void {
    this.end(MillraceError.from(error))
    this.#unlist()
  }

  end(error: MillraceError): void {
    this.observation.end({ kind: 'failed', error })
  }

  #unlist(): void {
    const { older, newer, outermost } = this
    if (newer !== undefined) newer.older = older
    else if (outermost.newest === this) outermost.newest = older
    if (older !== undefined) older.newer = newer
    this.older = undefined
    this.newer = undefined
  }
}

/** Written each time that they are read: hops between processes of the same version need no text. */
function withHeaders({ headers: outer }: Call, { headers }: Observation): Call['headers'] {
  return headers === undefined ? outer : { ...outer, ...headers }
}

class ObservedItems implements ItemSink {
  readonly #next: ItemSink
  readonly #observation: Observation
  #count = 0

  constructor(next: ItemSink, observation: Observation) {
    this.#next = next
    this.#observation = observation
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    const bytes = item.data?.byteLength ?? 0
    this.#observation.event({ name: 'stream.item', number: ++this.#count, bytes })
    return this.#next.push(item)
  }
}
