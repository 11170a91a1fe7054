import {
  type Arrival,
  codeOf,
  type Observation,
  type Observer,
  type Outcome,
} from '../../call/observation.js'
import type { Clock } from '../../lib/clock.js'
import type { Logger } from '../../observe/logger.js'
import type { CallEvent, RequestEvent, RequestSpan, Span } from '../../observe/names.js'
import { parseTraceparent } from '../../observe/tracing/trace-context.js'
import type { DataRequest } from '../../wire/data-request.js'
import { statusOf } from '../protocols/http/statuses.js'
import { shownHeaders } from './shown-headers.js'
import { StageEntry, StageRecord } from './stage-record.js'
import { rounded, shortened } from './shown-values.js'

/** Which requests are logged, and which of their headers. */
export interface AccessLogRules {
  /** Share of the successful requests that are logged, in [0, 1]. Failed requests are always logged. */
  readonly sample: number
  /** Names of the headers that are logged. */
  readonly headers: readonly string[]
}

export interface AccessLogTools {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Whether HTTP answers 500 when an Executor has failed. */
  readonly errorStatus?: boolean
}

/**
 * Logs each request when it has ended: `info` when it succeeded, `warn` when it failed. Calls that were answered by an own
 * route are logged in the same way; calls that were refused before they became a request, as `warn`.
 */
export function accessLog(rules: AccessLogRules, tools: AccessLogTools): Observer {
  return {
    request: (span, request, arrival) => new RequestRecord(rules, tools, { span, request, arrival }),
    call: (event) => logCall(event, rules, tools),
  }
}

interface Subject {
  readonly span: RequestSpan
  readonly request: DataRequest
  readonly arrival: Arrival
}

class RequestRecord implements Observation {
  readonly #rules: AccessLogRules
  readonly #tools: AccessLogTools
  readonly #subject: Subject
  readonly #time: number
  readonly #began: number
  readonly #bytesIn: number
  readonly #stages = new Map<string, StageEntry>()
  #queuedAt: number | undefined
  #queueMs = 0
  #items = 0
  #itemBytes = 0

  constructor(rules: AccessLogRules, tools: AccessLogTools, subject: Subject) {
    this.#rules = rules
    this.#tools = tools
    this.#subject = subject
    this.#time = tools.clock.now()
    this.#began = tools.clock.monotonic()
    this.#bytesIn = subject.request.undecodedLength
  }

  child(span: Span): Observation {
    const stage = span.name === 'stage' ? span.stage : span.name
    let entry = this.#stages.get(stage)
    if (entry === undefined) this.#stages.set(stage, (entry = new StageEntry(stage)))
    return new StageRecord(entry, this.#tools.clock)
  }

  event(event: RequestEvent): void {
    const { clock } = this.#tools
    if (event.name === 'gate.queued') this.#queuedAt = clock.monotonic()
    else if (event.name === 'gate.entered')
      this.#queueMs = clock.monotonic() - (this.#queuedAt ?? clock.monotonic())
    else if (event.name === 'stream.item') {
      this.#items++
      this.#itemBytes += event.bytes
    }
  }

  end(outcome: Outcome): void {
    const { logger, random, clock } = this.#tools
    const code = codeOf(outcome)
    if (code === 'OK' && random() >= this.#rules.sample) return
    const ms = rounded(clock.monotonic() - this.#began)
    const { endpoint, requestId, isStream } = this.#subject.span
    const { protocol, client, headers } = this.#subject.arrival
    const message = `${plain(endpoint)} ${code} ${ms} ms`
    const fields = {
      time: new Date(this.#time).toISOString(),
      requestId: shortened(requestId),
      ...traceOf(this.#subject.arrival),
      endpoint: shortened(endpoint),
      protocol,
      ...(client !== '' && { client }),
      code,
      ...(protocol === 'http' && { status: this.#statusOf(outcome) }),
      ...failure(outcome),
      ms,
      ...(this.#queueMs > 0 && { queueMs: rounded(this.#queueMs) }),
      documentsIn: countIn(this.#subject.request),
      bytesIn: this.#bytesIn,
      ...(isStream ? { documentsOut: this.#items, bytesOut: this.#itemBytes } : sizeOf(outcome)),
      stages: [...this.#stages.values()].map((entry) => entry.fields),
      ...shownHeaders(headers, this.#rules.headers),
    }
    if (code === 'OK') logger.info(message, fields)
    else logger.warn(message, fields)
  }

  /** The HTTP status of the answer; that of a stream of documents is sent with the first one. */
  #statusOf(outcome: Outcome): number {
    if (this.#items > 0) return 200
    if (outcome.kind === 'failed') return statusOf(outcome.error)
    return codeOf(outcome) !== 'OK' && this.#tools.errorStatus === true ? 500 : 200
  }
}

function logCall(
  event: CallEvent,
  { sample }: AccessLogRules,
  { logger, clock, random }: AccessLogTools,
): void {
  const { name, target, ms, requestId, client, ...fields } = event
  const isFailed = name === 'call.refused' || event.status >= 500
  if (!isFailed && random() >= sample) return
  const outcome = name === 'call.refused' ? event.code : String(event.status)
  const shown = {
    time: new Date(clock.now() - ms).toISOString(),
    ...(requestId !== '' && { requestId: shortened(requestId) }),
    target: shortened(target),
    ...(client !== '' && { client }),
    ...fields,
    ...(name === 'call.refused' && { error: shortened(event.error) }),
    ms: rounded(ms),
  }
  logger[isFailed ? 'warn' : 'info'](`${plain(target)} ${outcome} ${rounded(ms)} ms`, shown)
}

/** The id of the trace that the caller, or the gateway, has begun. */
function traceOf({ traceId: begun, headers }: Arrival): { readonly traceId?: string } {
  if (begun !== undefined) return { traceId: begun }
  const trace = parseTraceparent(headers.traceparent)
  return trace?.isSampled === true ? { traceId: trace.trace.text } : {}
}

function failure(outcome: Outcome): object {
  if (outcome.kind === 'failed') return { error: shortened(outcome.error.message) }
  const { status } = outcome.answer
  return status?.code === 'ERROR' ? { error: shortened(status.description ?? '') } : {}
}

function sizeOf(outcome: Outcome): object {
  if (outcome.kind === 'failed') return {}
  const { answer } = outcome
  return { documentsOut: countIn(answer), bytesOut: answer.undecodedLength }
}

/** Number of documents; null when the bytes cannot be decoded as documents. */
function countIn(request: DataRequest): number | null {
  try {
    return request.peekDocCount()
  } catch {
    return null
  }
}

/** An endpoint as text that cannot break the log line: quoted and escaped unless it is plain ASCII. */
function plain(endpoint: string): string {
  const text = shortened(endpoint)
  return /^[\u0021-\u007e]+$/.test(text) ? text : JSON.stringify(text)
}
