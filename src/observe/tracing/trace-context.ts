import { randomBits } from './random-bits.js'

/** The id of a trace: 128 bits as four signed integers. As text only where somebody reads it. */
export class TraceId {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number

  constructor(a: number, b: number, c: number, d: number) {
    this.a = a
    this.b = b
    this.c = c
    this.d = d
  }

  static random(): TraceId {
    // all zeros is no id; the ratio reads the last 56 bits
    return new TraceId(randomBits(), randomBits() | 1, randomBits(), randomBits())
  }

  /** 32 hexadecimal digits. */
  get text(): string {
    return digits(this.a) + digits(this.b) + digits(this.c) + digits(this.d)
  }
}

/** A position in a trace (W3C Trace Context). */
export interface TraceContext {
  readonly trace: TraceId
  /** The upper and the lower half of the span's id, as signed integers. */
  readonly high: number
  readonly low: number
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
  if (!isHex(header, 0, 2) || !isHex(header, 3, 35) || !isHex(header, 36, 52) || !isHex(header, 53, 55))
    return undefined
  const trace = new TraceId(bits(header, 3), bits(header, 11), bits(header, 19), bits(header, 27))
  const [high, low] = [bits(header, 36), bits(header, 44)]
  if ((trace.a | trace.b | trace.c | trace.d) === 0 || (high | low) === 0) return undefined
  return { trace, high, low, isSampled: (Number.parseInt(header[54]!, 16) & 1) === 1 }
}

/** The value of `traceparent` for what a span calls. */
export function traceparentOf({ trace, high, low, isSampled }: TraceContext): string {
  return `00-${trace.text}-${digits(high)}${digits(low)}-${isSampled ? '01' : '00'}`
}

/** What goes on with a request that is not traced. */
export function notSampled(trace: TraceId): TraceContext {
  return { trace, high: randomBits() | 1, low: randomBits(), isSampled: false }
}

/**
 * Whether a share of all traces has this one: the same answer everywhere, by the last 56 bits of its id (OpenTelemetry,
 * "TraceState: Probability Sampling").
 */
export function isInRatio({ c, d }: TraceId, ratio: number): boolean {
  return ratio === 1 || (c & 0xff_ffff) * 2 ** 32 + (d >>> 0) >= (1 - ratio) * 2 ** 56
}

function isHex(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (!((code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66))) return false
  }
  return true
}

/** Eight hexadecimal digits as a signed integer. */
function bits(text: string, start: number): number {
  return Number.parseInt(text.slice(start, start + 8), 16) | 0
}

function digits(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
