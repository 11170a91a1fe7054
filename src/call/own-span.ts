/** A span of a handler's own work: a part of the trace of its request. */
export interface OwnSpan {
  /** Sets one of its attributes; of two with the same name the later one counts. */
  setAttribute(name: string, value: string | number | boolean): void
  /** Something that happened at a moment of the span. */
  addEvent(name: string, attributes?: Readonly<Record<string, string | number | boolean>>): void
  /** Runs `run` in a span below this one, as `context.span` does. */
  span<T>(name: string, run: (span: OwnSpan) => T): T
  /**
   * The header `traceparent` with which a service that the handler calls continues the trace; undefined when the request is not
   * traced.
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
const untraced: OwnSpan = {
  setAttribute() {},
  addEvent() {},
  span: (_name, run) => run(untraced),
  traceparent: undefined,
}

/** Runs `run` in a span below `parent`, until it has returned or its promise has settled. */
export function inSpan<T>(parent: SpanParent | undefined, name: string, run: (span: OwnSpan) => T): T {
  const span = parent?.own?.(name)
  if (span === undefined) return run(untraced)
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
