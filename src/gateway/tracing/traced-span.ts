import { codeOf, messageOf, type Observation, type Outcome } from '../../call/observation.js'
import type { RequestEvent, Span } from '../../observe/names.js'
import type { SpanForm } from '../../observe/tracing/span-form.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { SpanRecord } from '../../observe/tracing/span-record.js'
import type { AttributeValue } from '../../observe/tracing/span-values.js'
import { type TraceContext, type TraceId, traceparentOf } from '../../observe/tracing/trace-context.js'
import { shortened } from '../access-log/shown-values.js'
import { formOf } from './span-forms.js'

/** A span of `observe/names.ts` as one of a trace. One object for both: a request has three of them. */
export class TracedSpan extends SpanRecord implements Observation {
  /** Pods have spans of their own. */
  get wantsReport(): false {
    return false
  }
  readonly #queue: SpanQueue
  readonly #isHop: boolean
  #items = 0

  constructor(
    form: SpanForm,
    place: { readonly trace: TraceId; readonly parent: TraceContext | undefined },
    { queue, isHop, attributes }: TracedSpanOptions,
  ) {
    super(form, place, attributes)
    this.#queue = queue
    this.#isHop = isHop
  }

  get traceId(): string {
    return this.trace.text
  }

  /** Only a hop has a next one. */
  get context(): TraceContext | undefined {
    return this.#isHop ? this : undefined
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.#isHop ? { traceparent: traceparentOf(this) } : undefined
  }

  child(span: Span): Observation {
    if (span.name === 'request') throw new Error('a request is the first span')
    const options = { queue: this.#queue, isHop: span.name === 'try' }
    return new TracedSpan(formOf(span), { trace: this.trace, parent: this }, options)
  }

  event(event: RequestEvent): void {
    if (this.endedAt !== 0) return
    // a request that never waits has nothing to tell of the gate; a stream may have any number of documents
    if (event.name === 'stream.item') this.#items++
    else if (event.name !== 'gate.entered' || this.rare !== undefined) {
      const { name, ...fields } = event
      this.note(name, prefixed(fields))
    }
  }

  end(outcome: Outcome): void {
    if (this.endedAt !== 0) return
    const code = codeOf(outcome)
    if (this.#items > 0) this.set('millrace.documents', this.#items)
    if (code !== 'OK') {
      this.set('error.type', code)
      this.fail(shortened(messageOf(outcome)))
    }
    this.finish()
    this.#queue.push(this)
  }
}

interface TracedSpanOptions {
  readonly queue: SpanQueue
  /** Whether what follows is in another process. */
  readonly isHop: boolean
  readonly attributes?: (string | AttributeValue)[]
}

function prefixed(fields: object): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`millrace.${name}`, value as AttributeValue]),
  )
}
