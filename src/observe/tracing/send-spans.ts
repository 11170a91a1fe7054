import { Envelope, type SpanOrigin } from './encode-spans.js'
import { loadExporter } from './packages.js'
import type { SpanBuffer } from './span-buffer.js'
import { collectorUrl, type TracingRules } from './tracing-rules.js'

/** Sends spans to a collector. */
export interface SpanSender {
  /** For messages. */
  readonly url: string
  /** Rejects when the collector has not taken them, after some retries. Do not touch the spans before. */
  send(spans: SpanBuffer): Promise<void>
  close(): Promise<void>
}

/**
 * OTLP over HTTP, by OpenTelemetry's exporter: it retries, compresses, and reads the variables `OTEL_EXPORTER_OTLP_*` where the
 * rules say nothing. Rejects with MODULE_NOT_FOUND.
 */
export async function otlpSender(rules: TracingRules, origin: SpanOrigin): Promise<SpanSender> {
  const { convertLegacyHttpOptions, createOtlpHttpExportDelegate } = await loadExporter()
  const url = collectorUrl(rules)
  const envelope = new Envelope(origin)
  const options = convertLegacyHttpOptions(
    { ...(url !== undefined && { url }), headers: { ...rules.headers }, keepAlive: true },
    'TRACES',
    'v1/traces',
    { 'Content-Type': 'application/x-protobuf' },
  )
  const delegate = createOtlpHttpExportDelegate<SpanBuffer, undefined>(
    options,
    { serializeRequest: (spans) => envelope.around(spans), deserializeResponse: () => undefined },
    'otlp_http_span_exporter',
    { name: 'span', countItems: (spans) => spans.count },
    undefined,
  )
  return {
    url: options.url,
    send: (spans) =>
      new Promise((resolve, reject) => {
        delegate.export(spans, ({ code, error }) => {
          if (code === 0) resolve()
          else reject(error ?? new Error('the collector refused them'))
        })
      }),
    close: () => delegate.shutdown(),
  }
}
