import type { Call } from '../../call/call.js'
import type { Observation } from '../../call/observation.js'
import { Kept, spanForm } from '../../observe/tracing/span-form.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { spanKind } from '../../observe/tracing/span-values.js'
import { parseTraceparent } from '../../observe/tracing/trace-context.js'
import type { DataRequest } from '../../wire/data-request.js'
import { longest, PodSpan } from './pod-span.js'

/** Traces the requests of one pod whose callers trace them. */
export class WorkerTracer {
  readonly #queue: SpanQueue
  /** By endpoint. */
  readonly #forms: Kept<Uint8Array>

  constructor(queue: SpanQueue, pod: string) {
    this.#queue = queue
    this.#forms = new Kept((endpoint) => spanForm(endpoint, spanKind.server, ['millrace.pod', pod]))
  }

  /** Begins the span of a request; undefined when its caller does not trace it. A pod begins no traces of its own. */
  request({ endpoint, requestId }: DataRequest, call: Call): Observation | undefined {
    const parent = call.context ?? parseTraceparent(call.headers.traceparent)
    if (parent === undefined || !parent.isSampled) return undefined
    const attributes = ['millrace.request_id', requestId.slice(0, longest)]
    const options = { queue: this.#queue, next: call.observation, attributes }
    return new PodSpan(this.#forms.get(endpoint.slice(0, longest)), parent, options)
  }

  close(): Promise<void> {
    return this.#queue.close()
  }
}
