/** The kinds of spans that OTLP knows, with their numbers (opentelemetry/proto/trace/v1/trace.proto). */
export const spanKind = { internal: 1, server: 2, client: 3 } as const

export type SpanKind = (typeof spanKind)[keyof typeof spanKind]

export type AttributeValue = string | number | boolean

export type Attributes = Readonly<Record<string, AttributeValue>>
