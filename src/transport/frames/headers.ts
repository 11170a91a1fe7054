import { type TraceContext, traceparentOf } from '../../observe/tracing/trace-context.js'
import { decodeJson, encodeJson } from './failure.js'

export type Headers = Readonly<Record<string, string>>

/**
 * The headers of a frame as JSON; null when none is kept. `context`: the `traceparent` of the hop, in place of that among the headers.
 * Alone it is no header: the frame has it.
 */
export function encodeHeaders(
  headers: Headers,
  isKept: (name: string) => boolean,
  context?: TraceContext,
): Uint8Array | null {
  let kept: Record<string, string> | undefined
  for (const name in headers) {
    if (!isKept(name) || (context !== undefined && name === 'traceparent')) continue
    ;(kept ??= {})[name] = headers[name]!
  }
  if (kept === undefined) return null
  if (context !== undefined) kept['traceparent'] = traceparentOf(context)
  return encodeJson(kept)
}

/** Reads what `encodeHeaders` has written. */
export function decodeHeaders(bytes: Uint8Array): Headers {
  return decodeJson(bytes) as Record<string, string>
}
