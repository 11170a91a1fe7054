/** Which requests are traced, and where their spans go. Plain data. */
export interface TracingRules {
  /**
   * URL of the collector for traces, OTLP over HTTP: `http://collector:4318/v1/traces`. Default null: `host` and `port`, else
   * what the variables `OTEL_EXPORTER_OTLP_*` say, else `http://localhost:4318/v1/traces`.
   */
  readonly endpoint: string | null
  /** Host of the collector, instead of `endpoint`. Default null. */
  readonly host: string | null
  /** Its port for OTLP over HTTP, with `host`. Default 4318. */
  readonly port: number
  /** Headers for the collector, such as a key. Default `{}`. */
  readonly headers: Readonly<Record<string, string>>
  /**
   * Share of the requests without `traceparent` that are traced, from 0 to 1. For the others the client has decided. Default 1.
   */
  readonly samplingRatio: number
}

/** The URL of the collector; undefined: as OpenTelemetry's variables say. */
export function collectorUrl({ endpoint, host, port }: TracingRules): string | undefined {
  if (endpoint !== null) return endpoint
  if (host === null) return undefined
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/v1/traces`
}
