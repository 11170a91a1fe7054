import type { Writer } from '../../lib/protobuf/writer.js'
import type { SpanRecord } from './span-record.js'

/** Length of the fields of a link: a trace and a span. */
const linkLength = 18 + 10

/** With the parent, the kind, and the times of the start and the end. */
const headLength = linkLength + 10 + 2 + 9 + 9

const head = new Uint8Array(headLength)
const rootHead = head.subarray(0, headLength - 10)
const link = head.subarray(0, linkLength)
const view = new DataView(head.buffer)

/**
 * The fields of a span that have a fixed length, encoded: `trace_id`, `span_id`, `kind`, `start_time_unix_nano`,
 * `end_time_unix_nano`, `parent_span_id`. The memory is used again for the next span.
 */
export function headOf({ traceId, spanId, parentId, kind, start, end }: SpanRecord): Uint8Array {
  idsOf(traceId, spanId)
  let at = linkLength
  head[at++] = 0x30 // kind
  head[at++] = kind
  at = time(at, 0x39, start)
  at = time(at, 0x41, end)
  if (parentId === '') return rootHead
  id(at, 0x22, parentId)
  return head
}

/** The ids of a link: `trace_id` and `span_id`. The memory is used again for the next one. */
export function idsOf(traceId: string, spanId: string): Uint8Array {
  id(id(0, 0x0a, traceId), 0x12, spanId)
  return link
}

/** Nanoseconds since the epoch; a double has them to a quarter of a microsecond. */
export function writeTime(writer: Writer, field: number, ms: number): void {
  const ns = ms * 1e6
  const high = Math.floor(ns / 2 ** 32)
  writer.fixed64(field, ns - high * 2 ** 32, high)
}

/** Writes a tag and an id, from its hexadecimal digits. Returns where it ends. */
function id(start: number, tag: number, digits: string): number {
  const length = digits.length / 2
  head[start] = tag
  head[start + 1] = length
  let at = start + 2
  for (let digit = 0; digit < digits.length; digit += 2)
    head[at++] = (valueOf(digits.charCodeAt(digit)) << 4) | valueOf(digits.charCodeAt(digit + 1))
  return at
}

function time(at: number, tag: number, ms: number): number {
  const ns = ms * 1e6
  const high = Math.floor(ns / 2 ** 32)
  head[at] = tag
  view.setUint32(at + 1, ns - high * 2 ** 32, true)
  view.setUint32(at + 5, high, true)
  return at + 9
}

/** Of the characters 0 to 9 and a to f. */
function valueOf(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}
