import { prefix, varintSize, Writer } from '../../lib/protobuf/writer.js'
import { headroom, type SpanBuffer } from './span-buffer.js'
import { writeAttribute } from './span-form.js'
import type { Attributes } from './span-values.js'

/** The resource and scope of every span of a process. */
export interface SpanOrigin {
  /** Attributes of the resource: `service.name` and the like. */
  readonly resource: Attributes
  /** Name of the instrumentation scope. */
  readonly scope: string
}

/** Puts spans into an `ExportTraceServiceRequest` (opentelemetry/proto/collector/trace/v1/trace_service.proto, v1.5). */
export class Envelope {
  /** The field `resource` of `ResourceSpans`, and `scope` of `ScopeSpans`. */
  readonly #resource: Uint8Array
  readonly #scope: Uint8Array

  constructor({ resource, scope }: SpanOrigin) {
    const writer = new Writer()
    const mark = writer.fork(1, 128)
    for (const [name, value] of Object.entries(resource)) writeAttribute(writer, 1, name, value)
    writer.join(mark)
    this.#resource = writer.finish().slice()
    const scopeWriter = new Writer()
    const scopeMark = scopeWriter.fork(1)
    scopeWriter.string(1, scope)
    scopeWriter.join(scopeMark)
    this.#scope = scopeWriter.finish().slice()
  }

  /** The message, in the memory of the spans where it fits there: valid until they are cleared. */
  around(spans: SpanBuffer): Uint8Array {
    const { bytes, end } = spans
    const scopeLength = this.#scope.length + end - headroom
    const resourceLength = this.#resource.length + 1 + varintSize(scopeLength) + scopeLength
    const writer = new Writer()
    writer.raw(prefix((1 << 3) | 2, resourceLength))
    writer.raw(this.#resource)
    writer.raw(prefix((2 << 3) | 2, scopeLength))
    writer.raw(this.#scope)
    const head = writer.finish()
    const start = headroom - head.length
    if (start < 0) return Buffer.concat([head, bytes.subarray(headroom, end)])
    bytes.set(head, start)
    return bytes.subarray(start, end)
  }
}
