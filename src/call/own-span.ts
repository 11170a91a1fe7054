/** A span of a handler's own work: a part of the trace of its request. */
export interface OwnSpan {
  /** Sets one of its attributes; of two with the same name the later one counts. */
  setAttribute(name: string, value: string | number | boolean): void
  /** Something that happened at a moment of the span. */
  addEvent(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void
  /** Runs `run` in a span below this one, as `context.span` does. */
  span<T>(name: string, run: (span: OwnSpan) => T): T
  /**
   * The header `traceparent` with which a service that the handler calls continues the trace. Of a request that is not traced that
   * of the request, which tells the service so; undefined when it has none.
   */
  readonly traceparent: string | undefined
}

/** What a request's span offers to its handler. */
export interface SpanParent {
  /** Begins a span below it; absent when the request is not traced. */
  own?(name: string): OpenOwnSpan
}

/** A span that its owner ends. */
export interface OpenOwnSpan extends OwnSpan {
  /** `error`: what the work threw. */
  end(failure?: { readonly error: unknown }): void
}

/** The span of a request that is not traced. */
class Untraced implements OwnSpan {
  readonly traceparent: string | undefined

  constructor(traceparent: string | undefined) {
    this.traceparent = traceparent
  }

  setAttribute(): void {}

  addEvent(): void {}

  span<T>(_name: string, run: (span: OwnSpan) => T): T {
    return run(this)
  }
}

/** A request, or a span of it. */
export interface SpanSource {
  readonly observation?: SpanParent | undefined
  /** `traceparent` of the request. */
  readonly headers: Readonly<Record<string, string>>
}

/** Runs `run` in a span of a request's handler, until it has returned or its promise has settled. */
export function inSpanOf<T>(call: SpanSource, name: string, run: (span: OwnSpan) => T): T {
  const span = call.observation?.own?.(name)
  return span === undefined ? run(new Untraced(call.headers.traceparent)) : inSpan(span, run)
}

/** Runs `run` in `span`, and ends it when `run` has returned or its promise has settled. */
export function inSpan<T>(span: OpenOwnSpan, run: (span: OwnSpan) => T): T {
  let result: T
  try {
    result = run(span)
  } catch (error) {
    span.end({ error })
    throw error
  }
  if (!(result instanceof Promise)) {
    span.end()
    return result
  }
  result.then(
    () => span.end(),
    (error: unknown) => span.end({ error }),
  )
  return result
}
