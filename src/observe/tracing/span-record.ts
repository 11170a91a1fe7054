import type { TraceContext } from './trace-context.js'
import { randomId } from './trace-context.js'

/** The kinds of spans that OTLP knows, with their numbers (opentelemetry/proto/trace/v1/trace.proto). */
export const spanKind = { internal: 1, server: 2, client: 3 } as const

export type SpanKind = (typeof spanKind)[keyof typeof spanKind]

export type AttributeValue = string | number | boolean

export type Attributes = Readonly<Record<string, AttributeValue>>

export interface SpanEvent {
  readonly name: string
  /** Milliseconds since the epoch, with fractions. */
  readonly time: number
  readonly attributes: Attributes
}

/** Most events and attributes of one span (the default of OpenTelemetry). */
const most = 128

/** One span, from its start until it is sent. */
export class SpanRecord implements TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** Empty for the first span of a trace. */
  readonly parentId: string
  readonly isSampled = true
  readonly kind: SpanKind
  readonly name: string
  readonly start: number = now()
  end = 0
  /** Names and values in turn. */
  readonly attributes: (string | AttributeValue)[]
  events: SpanEvent[] | undefined = undefined
  links: TraceContext[] | undefined = undefined
  droppedEvents = 0
  /** Why it failed; undefined when it has not. */
  error: string | undefined = undefined

  constructor(
    name: string,
    kind: SpanKind,
    {
      parent,
      traceId = parent?.traceId ?? randomId(16),
      attributes,
    }: {
      readonly parent?: TraceContext | undefined
      readonly traceId?: string
      readonly attributes: (string | AttributeValue)[]
    },
  ) {
    this.name = name
    this.kind = kind
    this.traceId = traceId
    this.spanId = randomId(8)
    this.parentId = parent?.spanId ?? ''
    this.attributes = attributes
  }

  set(name: string, value: AttributeValue): void {
    const { attributes } = this
    for (let at = 0; at < attributes.length; at += 2) {
      if (attributes[at] !== name) continue
      attributes[at + 1] = value
      return
    }
    if (attributes.length < 2 * most) attributes.push(name, value)
  }

  event(name: string, attributes: Attributes = {}): void {
    this.events ??= []
    if (this.events.length < most) this.events.push({ name, time: now(), attributes })
    else this.droppedEvents++
  }

  link(other: TraceContext): void {
    this.links ??= []
    if (this.links.length < most) this.links.push(other)
  }

  /** Call it once, and change nothing after it. */
  finish(): void {
    this.end = now()
  }
}

const origin = performance.timeOrigin

/** Milliseconds since the epoch, with fractions: children must not seem to begin before their parents. */
function now(): number {
  return origin + performance.now()
}
