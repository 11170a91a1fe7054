import { codeOf, messageOf, type Observation, type Outcome } from '../../call/observation.js'
import type { OpenOwnSpan } from '../../call/own-span.js'
import type { RequestEvent } from '../../observe/names.js'
import { type SpanForm, spanForm } from '../../observe/tracing/span-form.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { SpanRecord } from '../../observe/tracing/span-record.js'
import { type AttributeValue, spanKind } from '../../observe/tracing/span-values.js'
import { type TraceContext, traceparentOf } from '../../observe/tracing/trace-context.js'
import { OwnSpanRecord } from './own-span-record.js'

/** Longest text of a client in a span, in UTF-16 units. */
export const longest = 200

const batchForm = spanForm('batch', spanKind.internal)

/** The span of a request in a pod, or of a batch. */
export class PodSpan extends SpanRecord implements Observation {
  readonly #queue: SpanQueue
  /** The report for the caller, if it wants one. */
  readonly #next: Observation | undefined
  #items = 0

  constructor(
    form: SpanForm,
    parent: TraceContext,
    {
      queue,
      next,
      attributes,
    }: {
      readonly queue: SpanQueue
      readonly next: Observation | undefined
      readonly attributes: (string | AttributeValue)[]
    },
  ) {
    super(form, { trace: parent.trace, parent }, attributes)
    this.#queue = queue
    this.#next = next
  }

  get headers(): Readonly<Record<string, string>> {
    return { traceparent: traceparentOf(this) }
  }

  child(): Observation {
    return this
  }

  own(name: string): OpenOwnSpan {
    return new OwnSpanRecord(name, this, this.#queue)
  }

  batch(documents: number, others: readonly Observation[]): Observation {
    const attributes = ['millrace.documents', documents, 'millrace.requests', others.length + 1]
    const batch = new PodSpan(batchForm, this, { queue: this.#queue, next: undefined, attributes })
    for (const other of others) if (other instanceof PodSpan) batch.link(other)
    return batch
  }

  event(event: RequestEvent): void {
    this.#next?.event(event)
    if (this.endedAt !== 0) return
    switch (event.name) {
      case 'worker.started':
        this.set('millrace.queue_ms', event.queueMs)
        return
      case 'worker.finished':
        this.set('millrace.handler_ms', event.handlerMs)
        return
      case 'batch.started':
        this.note(event.name, { 'millrace.documents': event.documents, 'millrace.requests': event.requests })
        return
      case 'stream.item':
        this.#items++
        return
      default:
    }
  }

  end(outcome: Outcome): void {
    if (this.endedAt !== 0) return
    const code = codeOf(outcome)
    if (this.#items > 0) this.set('millrace.documents', this.#items)
    if (code !== 'OK') {
      this.set('error.type', code)
      this.fail(messageOf(outcome).slice(0, longest))
    }
    this.finish()
    this.#queue.push(this)
  }
}
