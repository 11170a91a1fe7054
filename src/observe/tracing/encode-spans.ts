import { Writer } from '../../lib/protobuf/writer.js'
import { attributesField, encodedAttribute, encodedName, frequent, writeValue } from './frequent-fields.js'
import { headOf, idsOf, writeTime } from './span-head.js'
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

/** Spans that have been encoded, each as the field `spans` of a `ScopeSpans`. */
export interface EncodedSpans {
  readonly count: number
  readonly fields: Uint8Array
}

/**
 * Encoded spans as an `ExportTraceServiceRequest` (opentelemetry/proto/collector/trace/v1/trace_service.proto, v1.5). The encoder
 * of OpenTelemetry takes 5 µs a span, which is more than a request may cost: docs/decisions/0053-traces.md.
 */
export function exportRequest({ fields }: EncodedSpans, { resource, scope }: SpanOrigin): Uint8Array {
  const writer = new Writer(fields.length + 1024)
  const resourceSpans = writer.fork(1, fields.length)
  const resourceMark = writer.fork(1, 128)
  for (const [name, value] of Object.entries(resource)) attribute(writer, 1, name, value)
  writer.join(resourceMark)
  const scopeSpans = writer.fork(2, fields.length)
  const scopeMark = writer.fork(1)
  writer.string(1, scope)
  writer.join(scopeMark)
  writer.raw(fields)
  writer.join(scopeSpans)
  writer.join(resourceSpans)
  return writer.finish()
}

/** Writes one span, as a field of a `ScopeSpans`. */
export function writeSpan(writer: Writer, span: SpanRecord): void {
  const mark = writer.fork(2, 200)
  writer.raw(headOf(span))
  writer.raw(encodedName(span.name))
  const { attributes } = span
  for (let at = 0; at < attributes.length; at += 2)
    attribute(writer, attributesField, attributes[at] as string, attributes[at + 1]!)
  if (span.events !== undefined) for (const event of span.events) writeEvent(writer, event)
  if (span.droppedEvents > 0) writer.uint32(12, span.droppedEvents)
  if (span.links !== undefined) {
    for (const { traceId, spanId } of span.links) {
      const link = writer.fork(13)
      writer.raw(idsOf(traceId, spanId))
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
  writeTime(writer, 1, at)
  writer.string(2, name)
  for (const key in attributes) attribute(writer, 3, key, attributes[key]!)
  writer.join(mark)
}

/** `attributesField` of a span, or the field of a resource or event. */
function attribute(writer: Writer, field: number, name: string, value: AttributeValue): void {
  if (field === attributesField && frequent.has(name)) return writer.raw(encodedAttribute(name, value))
  const mark = writer.fork(field)
  writer.string(1, name)
  writeValue(writer, value)
  writer.join(mark)
}
