import type { Arrival, Observation, Observer, Unobserved } from '../../call/observation.js'
import type { RequestSpan } from '../../observe/names.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import {
  isInRatio,
  notSampled,
  parseTraceparent,
  TraceId,
  traceparentOf,
} from '../../observe/tracing/trace-context.js'
import type { TracingRules } from '../../observe/tracing/tracing-rules.js'
import type { DataRequest } from '../../wire/data-request.js'
import { shortened } from '../access-log/shown-values.js'
import { formOfRequest } from './span-forms.js'
import { TracedSpan } from './traced-span.js'

/**
 * Traces the requests of a gateway: one span for the request, and below it those of `observe/names.ts`.
 *
 * A client's `traceparent` decides whether its request is traced, and the span continues that trace. Without one the sampling
 * ratio decides, and a trace begins. A request that the ratio leaves out says so to all that it reaches, or each of them would
 * decide again and begin a trace in the middle (W3C Trace Context, 3.2.2.5: flag 00).
 */
export class RequestTracer implements Observer {
  readonly keepsContract = true
  readonly #rules: TracingRules
  #queue: SpanQueue | undefined

  constructor(rules: TracingRules) {
    this.#rules = rules
  }

  /** From now on requests are traced. */
  start(queue: SpanQueue): void {
    this.#queue = queue
  }

  request(
    { endpoint, requestId }: RequestSpan,
    _request: DataRequest,
    arrival: Arrival,
  ): Observation | Unobserved | undefined {
    const queue = this.#queue
    if (queue === undefined) return undefined
    const parent = parseTraceparent(arrival.headers.traceparent)
    if (parent?.isSampled === false) return undefined
    const trace = parent?.trace ?? TraceId.random()
    if (parent === undefined && !isInRatio(trace, this.#rules.samplingRatio)) return left(trace)
    const { protocol, client } = arrival
    const attributes = ['millrace.request_id', shortened(requestId)]
    if (client !== '') attributes.push('client.address', client)
    const form = formOfRequest(shortened(endpoint), protocol)
    return new TracedSpan(form, { trace, parent }, { queue, isHop: false, attributes })
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    await this.#queue?.close()
  }
}

function left(trace: TraceId): Unobserved {
  return { unobserved: { traceparent: traceparentOf(notSampled(trace)) } }
}
