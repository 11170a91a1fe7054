/** Names of headers, in lower case, or all but credentials. */
export type ForwardHeaders = readonly string[] | 'all'

/** `unfiltered`: credentials too. */
export type HeaderRule = ForwardHeaders | 'unfiltered'

/** W3C Trace Context. */
const traceContext: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])

/** Forwarded only when they are named. */
const credentials: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** A predicate: whether a caller's header is forwarded. Trace context always is. */
export function headerFilter(rule: HeaderRule): (name: string) => boolean {
  if (rule === 'unfiltered') return () => true
  if (rule === 'all') return (name) => !credentials.has(name.toLowerCase())
  const names = new Set([...traceContext, ...rule])
  return (name) => names.has(name.toLowerCase())
}
