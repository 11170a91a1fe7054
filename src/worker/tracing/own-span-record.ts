import { inSpan, type OpenOwnSpan, type OwnSpan } from '../../call/own-span.js'
import { Kept, spanForm } from '../../observe/tracing/span-form.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { SpanRecord } from '../../observe/tracing/span-record.js'
import { type Attributes, type AttributeValue, spanKind } from '../../observe/tracing/span-values.js'
import { type TraceContext, traceparentOf } from '../../observe/tracing/trace-context.js'

/** Longest text of an error or attribute in a span, in UTF-16 units. */
const longest = 4096

/** By name. */
const forms = new Kept((name) => spanForm(name, spanKind.internal))

/** A span of a handler's own. What is set after its end has no effect. */
export class OwnSpanRecord implements OpenOwnSpan {
  readonly #span: SpanRecord
  readonly #queue: SpanQueue
  #isOver = false

  constructor(name: string, parent: TraceContext, queue: SpanQueue) {
    this.#span = new SpanRecord(forms.get(cut(name)), { trace: parent.trace, parent })
    this.#queue = queue
  }

  get traceparent(): string {
    return traceparentOf(this.#span)
  }

  setAttribute(name: string, value: AttributeValue): void {
    if (!this.#isOver) this.#span.set(String(name), plain(value))
  }

  addEvent(name: string, attributes: Attributes = {}): void {
    if (this.#isOver) return
    const shown = Object.entries(attributes).map(([key, value]) => [key, plain(value)])
    this.#span.note(cut(name), Object.fromEntries(shown) as Attributes)
  }

  span<T>(name: string, run: (span: OwnSpan) => T): T {
    return inSpan(new OwnSpanRecord(name, this.#span, this.#queue), run)
  }

  end(failure?: { readonly error: unknown }): void {
    if (this.#isOver) return
    this.#isOver = true
    if (failure !== undefined) noteError(this.#span, failure.error)
    this.#span.finish()
    this.#queue.push(this.#span)
  }
}

/** The event by which OpenTelemetry records an exception, and the status of the span. */
function noteError(span: SpanRecord, error: unknown): void {
  const isError = error instanceof Error
  const message = cut(isError ? error.message : String(error))
  span.note('exception', {
    'exception.type': isError ? error.name : typeof error,
    'exception.message': message,
    ...(isError && error.stack !== undefined && { 'exception.stacktrace': cut(error.stack) }),
  })
  span.fail(message)
}

/** A value that OTLP has; of any other one its text. */
function plain(value: unknown): AttributeValue {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  return cut(value)
}

function cut(value: unknown): string {
  const text = String(value)
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text
}
