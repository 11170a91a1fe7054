/** Names of headers, in lower case, or all. */
export type ForwardHeaders = readonly string[] | 'all'

/** W3C Trace Context. */
const traceContext: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])

/** A predicate: whether a caller's header is forwarded. Trace context always is. */
export function headerFilter(forward: ForwardHeaders): (name: string) => boolean {
  if (forward === 'all') return () => true
  const names = new Set([...traceContext, ...forward])
  return (name) => names.has(name.toLowerCase())
}
