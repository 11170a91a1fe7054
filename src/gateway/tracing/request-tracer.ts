import {
  type Arrival,
  codeOf,
  messageOf,
  type Observation,
  type Observer,
  type Outcome,
  type Unobserved,
} from '../../call/observation.js'
import type { RequestEvent, RequestSpan, Span } from '../../observe/names.js'
import type { SpanQueue } from '../../observe/tracing/span-queue.js'
import { type AttributeValue, spanKind, SpanRecord } from '../../observe/tracing/span-record.js'
import { isInRatio, parseTraceparent, randomId, traceparentOf } from '../../observe/tracing/trace-context.js'
import type { TracingRules } from '../../observe/tracing/tracing-rules.js'
import type { DataRequest } from '../../wire/data-request.js'
import { shortened } from '../access-log/shown-values.js'

/**
 * Traces the requests of a gateway: one span for the request, and below it those of `observe/names.ts`.
 *
 * A client's `traceparent` decides whether its request is traced, and the span continues that trace. Without one the sampling
 * ratio decides, and a trace begins. A request that the ratio leaves out says so to all that it reaches, or each of them would
 * decide again and begin a trace in the middle (W3C Trace Context, 3.2.2.5: flag 00).
 */
export class RequestTracer implements Observer {
  readonly #rules: TracingRules
  #queue: SpanQueue | undefined

  constructor(rules: TracingRules) {
    this.#rules = rules
  }

  /** From now on requests are traced. */
  start(queue: SpanQueue): void {
    this.#queue = queue
  }

  request(
    { endpoint, requestId }: RequestSpan,
    _request: DataRequest,
    arrival: Arrival,
  ): Observation | Unobserved | undefined {
    const queue = this.#queue
    if (queue === undefined) return undefined
    const parent = parseTraceparent(arrival.headers.traceparent)
    if (parent?.isSampled === false) return undefined
    const traceId = parent?.traceId ?? randomId(16)
    if (parent === undefined && !isInRatio(traceId, this.#rules.samplingRatio)) return left(traceId)
    const name = shortened(endpoint)
    const { protocol, client } = arrival
    const attributes = ['millrace.endpoint', name, 'millrace.request_id', shortened(requestId)]
    attributes.push('network.protocol.name', protocol)
    if (client !== '') attributes.push('client.address', client)
    return new TracedSpan(new SpanRecord(name, spanKind.server, { parent, traceId, attributes }), queue)
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    await this.#queue?.close()
  }
}

/** A span of `observe/names.ts` as one of a trace. */
class TracedSpan implements Observation {
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Pods have spans of their own. */
  readonly wantsReport = false
  readonly #span: SpanRecord
  readonly #queue: SpanQueue
  #items = 0

  constructor(span: SpanRecord, queue: SpanQueue) {
    this.#span = span
    this.#queue = queue
    // only a hop has a next one
    this.headers = span.kind === spanKind.client ? { traceparent: traceparentOf(span) } : undefined
  }

  child(span: Span): Observation {
    const kind = span.name === 'try' ? spanKind.client : spanKind.internal
    const record = new SpanRecord(nameOf(span), kind, { parent: this.#span, attributes: attributesOf(span) })
    return new TracedSpan(record, this.#queue)
  }

  event(event: RequestEvent): void {
    // a request that never waits has nothing to tell of the gate; a stream may have any number of documents
    if (event.name === 'stream.item') this.#items++
    else if (event.name !== 'gate.entered' || this.#span.events !== undefined) {
      const { name, ...fields } = event
      this.#span.event(name, prefixed(fields))
    }
  }

  end(outcome: Outcome): void {
    const span = this.#span
    const code = codeOf(outcome)
    if (this.#items > 0) span.set('millrace.documents', this.#items)
    if (code !== 'OK') {
      span.set('error.type', code)
      span.error = shortened(messageOf(outcome))
    }
    span.finish()
    this.#queue.push(span)
  }
}

function left(traceId: string): Unobserved {
  return { unobserved: { traceparent: traceparentOf({ traceId, spanId: randomId(8), isSampled: false }) } }
}

function nameOf(span: Span): string {
  switch (span.name) {
    case 'request':
      return span.endpoint
    case 'stage':
      return `stage ${span.stage}`
    case 'shard':
      return `shard ${span.shard}`
    case 'try':
      return `try ${span.pod}`
  }
}

function attributesOf(span: Span): (string | AttributeValue)[] {
  switch (span.name) {
    case 'request':
      return ['millrace.endpoint', span.endpoint]
    case 'stage':
      return ['millrace.stage', span.stage]
    case 'shard':
      return ['millrace.shard', span.shard]
    case 'try':
      return ['millrace.pod', span.pod, 'server.address', span.address, 'millrace.try', span.number]
  }
}

function prefixed(fields: object): Record<string, AttributeValue> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [`millrace.${name}`, value as AttributeValue]),
  )
}
