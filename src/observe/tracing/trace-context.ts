import { randomFillSync } from 'node:crypto'

/** A position in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  readonly isSampled: boolean
}

/** Length of version 00; later ones may append fields (W3C Trace Context, 4.2). */
const length = 55

/** Reads `traceparent`; undefined when there is none or it is invalid, so that a new trace begins. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  if (header === undefined || header.length < length) return undefined
  const version = header.slice(0, 2)
  if (version === 'ff' || (header.length > length && (version === '00' || header[length] !== '-')))
    return undefined
  if (header[2] !== '-' || header[35] !== '-' || header[52] !== '-') return undefined
  const isHex = digitsIn(header, 0, 2) >= 0 && digitsIn(header, 3, 35) > 0 && digitsIn(header, 36, 52) > 0
  const flags = digitsIn(header, 53, 55)
  if (!isHex || flags < 0) return undefined
  const isSampled = (Number.parseInt(header[54]!, 16) & 1) === 1
  return { traceId: header.slice(3, 35), spanId: header.slice(36, 52), isSampled }
}

/** How many hexadecimal digits other than 0 there are between the two positions; -1 when anything else is there. */
function digitsIn(text: string, start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x30) continue
    if ((code > 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66)) count++
    else return -1
  }
  return count
}

/** The value of `traceparent` for what a span calls. */
export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`
}

/** Random bytes are drawn for some hundred ids at once: a draw costs more than the id. */
const pool = Buffer.alloc(4096)
let used = pool.length

/** A random id of so many bytes, as hexadecimal digits. */
export function randomId(bytes: 8 | 16): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

/**
 * Whether a share of all traces has this one: the same answer everywhere, by the last 56 bits of its id (OpenTelemetry,
 * "TraceState: Probability Sampling").
 */
export function isInRatio(traceId: string, ratio: number): boolean {
  return ratio === 1 || Number.parseInt(traceId.slice(-14), 16) >= (1 - ratio) * 2 ** 56
}
