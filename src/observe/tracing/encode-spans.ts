import { Writer } from '../../lib/protobuf/writer.js'
import type { Attributes, AttributeValue, SpanEvent, SpanRecord } from './span-record.js'

/** `STATUS_CODE_ERROR` */
const statusError = 2

/** The resource and scope of every span of a process, encoded once. */
export interface SpanOrigin {
  /** Attributes of the resource: `service.name` and the like. */
  readonly resource: Attributes
  /** Name of the instrumentation scope. */
  readonly scope: string
}

/**
 * Spans as an `ExportTraceServiceRequest` (opentelemetry/proto/collector/trace/v1/trace_service.proto, v1.5). The encoder of
 * OpenTelemetry takes 5 µs a span, which is more than a request may cost: docs/decisions/0053-traces.md.
 */
export function encodeSpans(spans: readonly SpanRecord[], { resource, scope }: SpanOrigin): Uint8Array {
  const writer = new Writer(256 * (spans.length + 1))
  const resourceSpans = writer.fork(1, 256 * spans.length)
  const resourceMark = writer.fork(1, 128)
  for (const [name, value] of Object.entries(resource)) attribute(writer, 1, name, value)
  writer.join(resourceMark)
  const scopeSpans = writer.fork(2, 256 * spans.length)
  const scopeMark = writer.fork(1)
  writer.string(1, scope)
  writer.join(scopeMark)
  for (const span of spans) writeSpan(writer, span)
  writer.join(scopeSpans)
  writer.join(resourceSpans)
  return writer.finish()
}

function writeSpan(writer: Writer, span: SpanRecord): void {
  const mark = writer.fork(2, 200)
  hex(writer, 1, span.traceId)
  hex(writer, 2, span.spanId)
  if (span.parentId !== '') hex(writer, 4, span.parentId)
  writer.string(5, span.name)
  writer.uint32(6, span.kind)
  time(writer, 7, span.start)
  time(writer, 8, span.end)
  const { attributes } = span
  for (let at = 0; at < attributes.length; at += 2)
    attribute(writer, 9, attributes[at] as string, attributes[at + 1]!)
  if (span.events !== undefined) for (const event of span.events) writeEvent(writer, event)
  if (span.droppedEvents > 0) writer.uint32(12, span.droppedEvents)
  if (span.links !== undefined) {
    for (const { traceId, spanId } of span.links) {
      const link = writer.fork(13)
      hex(writer, 1, traceId)
      hex(writer, 2, spanId)
      writer.join(link)
    }
  }
  if (span.error !== undefined) {
    const status = writer.fork(15)
    writer.string(2, span.error)
    writer.uint32(3, statusError)
    writer.join(status)
  }
  writer.join(mark)
}

function writeEvent(writer: Writer, { name, time: at, attributes }: SpanEvent): void {
  const mark = writer.fork(11, 64)
  time(writer, 1, at)
  writer.string(2, name)
  for (const key in attributes) attribute(writer, 3, key, attributes[key]!)
  writer.join(mark)
}

function attribute(writer: Writer, field: number, name: string, value: AttributeValue): void {
  const mark = writer.fork(field)
  writer.string(1, name)
  const inner = writer.fork(2)
  if (typeof value === 'string') writer.string(1, value)
  else if (typeof value === 'boolean') writer.bool(2, value)
  else if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) writer.uint32(3, value)
  else if (Number.isSafeInteger(value)) writer.int64(3, BigInt(value))
  else writer.double(4, value)
  writer.join(inner)
  writer.join(mark)
}

/** An id, from its hexadecimal digits. */
function hex(writer: Writer, field: number, digits: string): void {
  const bytes = writer.reserve(field, digits.length / 2)
  for (let at = 0; at < bytes.length; at++)
    bytes[at] = (digit(digits.charCodeAt(2 * at)) << 4) | digit(digits.charCodeAt(2 * at + 1))
}

/** Of the characters 0 to 9 and a to f. */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}

/** Nanoseconds since the epoch; a double has them to a quarter of a microsecond. */
function time(writer: Writer, field: number, ms: number): void {
  const ns = ms * 1e6
  const high = Math.floor(ns / 2 ** 32)
  writer.fixed64(field, ns - high * 2 ** 32, high)
}
