import type { Call } from '../../call/call.js'
import { codeOf, messageOf, type Observation, type Outcome } from '../../call/observation.js'
import type { OpenOwnSpan } from '../../call/own-span.js'
import type { RequestEvent } from '../../observe/names.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { type AttributeValue, spanKind, SpanRecord } from '../../observe/tracing/span-record.js'
import { parseTraceparent, traceparentOf } from '../../observe/tracing/trace-context.js'
import type { DataRequest } from '../../wire/data-request.js'
import { OwnSpanRecord } from './own-span-record.js'

/** Longest text of a client in a span, in UTF-16 units. */
const longest = 200

/** Traces the requests of one pod whose callers trace them. */
export class WorkerTracer {
  readonly #queue: SpanQueue
  readonly #pod: string

  constructor(queue: SpanQueue, pod: string) {
    this.#queue = queue
    this.#pod = pod
  }

  /** Begins the span of a request; undefined when its caller does not trace it. A pod begins no traces of its own. */
  request({ endpoint, requestId }: DataRequest, call: Call): Observation | undefined {
    const parent = parseTraceparent(call.headers.traceparent)
    if (parent === undefined || !parent.isSampled) return undefined
    const attributes = ['millrace.pod', this.#pod, 'millrace.request_id', requestId.slice(0, longest)]
    const span = new SpanRecord(endpoint.slice(0, longest), spanKind.server, { parent, attributes })
    return new PodSpan(span, { queue: this.#queue, next: call.observation })
  }

  close(): Promise<void> {
    return this.#queue.close()
  }
}

/** The span of a request in a pod, or of a batch. */
class PodSpan implements Observation {
  readonly headers: Readonly<Record<string, string>>
  readonly #span: SpanRecord
  readonly #queue: SpanQueue
  /** The report for the caller, if it wants one. */
  readonly #next: Observation | undefined
  #items = 0

  constructor(
    span: SpanRecord,
    { queue, next }: { readonly queue: SpanQueue; readonly next: Observation | undefined },
  ) {
    this.#span = span
    this.#queue = queue
    this.#next = next
    this.headers = { traceparent: traceparentOf(span) }
  }

  child(): Observation {
    return this
  }

  own(name: string): OpenOwnSpan {
    return new OwnSpanRecord(name, this.#span, this.#queue)
  }

  batch(documents: number, others: readonly Observation[]): Observation {
    const attributes: (string | AttributeValue)[] = [
      ...['millrace.documents', documents],
      ...['millrace.requests', others.length + 1],
    ]
    const batch = new SpanRecord('batch', spanKind.internal, { parent: this.#span, attributes })
    for (const other of others) if (other instanceof PodSpan) batch.link(other.#span)
    return new PodSpan(batch, { queue: this.#queue, next: undefined })
  }

  event(event: RequestEvent): void {
    this.#next?.event(event)
    const span = this.#span
    if (span.end !== 0) return
    switch (event.name) {
      case 'worker.started':
        span.set('millrace.queue_ms', event.queueMs)
        return
      case 'worker.finished':
        span.set('millrace.handler_ms', event.handlerMs)
        return
      case 'batch.started':
        span.event(event.name, { 'millrace.documents': event.documents, 'millrace.requests': event.requests })
        return
      case 'stream.item':
        this.#items++
        return
      default:
    }
  }

  end(outcome: Outcome): void {
    const code = codeOf(outcome)
    const span = this.#span
    if (span.end !== 0) return
    if (this.#items > 0) span.set('millrace.documents', this.#items)
    if (code !== 'OK') {
      span.set('error.type', code)
      span.error = messageOf(outcome).slice(0, longest)
    }
    span.finish()
    this.#queue.push(span)
  }
}
