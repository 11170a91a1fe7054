import { randomBits } from './random-bits.js'
import type { SpanForm } from './span-form.js'
import type { Attributes, AttributeValue } from './span-values.js'
import type { TraceContext, TraceId } from './trace-context.js'

export interface SpanEvent {
  readonly name: string
  /** Milliseconds since the epoch, with fractions. */
  readonly time: number
  readonly attributes: Attributes
}

/** What few spans have. */
export interface RareFields {
  readonly events: SpanEvent[]
  readonly links: TraceContext[]
  droppedEvents: number
  /** Why it failed; undefined when it has not. */
  error: string | undefined
}

/** Most events and attributes of one span (the default of OpenTelemetry). */
const most = 128

/** One span, from its start until it is encoded. */
export class SpanRecord implements TraceContext {
  readonly trace: TraceId
  readonly high: number = randomBits() | 1 // all zeros is no id
  readonly low: number = randomBits()
  /** Undefined for the first span of a trace. */
  readonly parent: TraceContext | undefined
  /** Its kind, name and first attributes. */
  readonly form: SpanForm
  readonly start: number = now()
  /** 0 until it has ended. */
  endedAt = 0
  /** Further attributes: names and values in turn. */
  attributes: (string | AttributeValue)[] | undefined
  rare: RareFields | undefined = undefined

  constructor(
    form: SpanForm,
    { trace, parent }: { readonly trace: TraceId; readonly parent: TraceContext | undefined },
    attributes?: (string | AttributeValue)[],
  ) {
    this.form = form
    this.trace = trace
    this.parent = parent
    this.attributes = attributes
  }

  get isSampled(): true {
    return true
  }

  set(name: string, value: AttributeValue): void {
    const attributes = (this.attributes ??= [])
    for (let at = 0; at < attributes.length; at += 2) {
      if (attributes[at] !== name) continue
      attributes[at + 1] = value
      return
    }
    if (attributes.length < 2 * most) attributes.push(name, value)
  }

  /** Something that happens now. */
  note(name: string, attributes: Attributes = {}): void {
    const rare = this.#rare()
    if (rare.events.length < most) rare.events.push({ name, time: now(), attributes })
    else rare.droppedEvents++
  }

  link(other: TraceContext): void {
    const { links } = this.#rare()
    if (links.length < most) links.push(other)
  }

  /** It has failed, and why. */
  fail(message: string): void {
    this.#rare().error = message
  }

  /** Call it once, and change nothing after it. */
  finish(): void {
    this.endedAt = now()
  }

  #rare(): RareFields {
    return (this.rare ??= { events: [], links: [], droppedEvents: 0, error: undefined })
  }
}

const origin = performance.timeOrigin

/** Milliseconds since the epoch, with fractions: children must not seem to begin before their parents. */
function now(): number {
  return origin + performance.now()
}
