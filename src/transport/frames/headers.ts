import { decodeJson, encodeJson } from './failure.js'

export type Headers = Readonly<Record<string, string>>

/** What is around the value of a lone `traceparent`. */
const before = '{"traceparent":"'
const behind = '"}'

/** A `traceparent` of version 00, or what looks like it and needs no escapes. */
const plainTraceparent = /^[\da-f-]{55}$/

const loneLength = before.length + 55 + behind.length

/** The headers of a frame as JSON; null when none is kept. A lone `traceparent`, which traced requests have, is written as it is. */
export function encodeHeaders(headers: Headers, isKept: (name: string) => boolean): Uint8Array | null {
  let kept: Record<string, string> | undefined
  let count = 0
  for (const name in headers) {
    if (!isKept(name)) continue
    ;(kept ??= {})[name] = headers[name]!
    count++
  }
  if (kept === undefined) return null
  const { traceparent } = kept
  if (count > 1 || traceparent === undefined || !plainTraceparent.test(traceparent)) return encodeJson(kept)
  return Buffer.from(before + traceparent + behind, 'latin1')
}

/** Reads what `encodeHeaders` has written. */
export function decodeHeaders(bytes: Uint8Array): Headers {
  if (bytes.length === loneLength) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    const traceparent = text.slice(before.length, -behind.length)
    if (text.startsWith(before) && plainTraceparent.test(traceparent)) return { traceparent }
  }
  return decodeJson(bytes) as Record<string, string>
}
