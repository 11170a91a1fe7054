/** Names of headers, in lower case, or all. */
export type ForwardHeaders = readonly string[] | 'all'

/** W3C Trace Context. */
const traceContext: ReadonlySet<string> = new Set(['traceparent', 'tracestate'])

/** Whether a header of a caller goes on to the server of a channel. */
export function headerFilter(forward: ForwardHeaders): (name: string) => boolean {
  if (forward === 'all') return () => true
  const names = new Set([...traceContext, ...forward])
  return (name) => names.has(name.toLowerCase())
}
