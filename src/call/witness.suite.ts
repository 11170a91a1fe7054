import type { ReplicaEvent, RequestEvent, Span } from '../observe/names.js'
import { codeOf, type Arrival, type Observation, type Observer, type Outcome } from './observation.js'

/** An observer for tests: records spans and events as a tree, and violations of the contract of `Observation`. */
export class Witness implements Observer {
  readonly spans: WitnessedSpan[] = []
  readonly arrivals: Arrival[] = []
  readonly replicas: ReplicaEvent[] = []
  /** Violations of the contract; a test expects none. */
  readonly faults: string[] = []
  #spans = 0

  request(span: Span, _request: unknown, arrival: Arrival): WitnessedSpan {
    const root = this.spanOf(span)
    this.spans.push(root)
    this.arrivals.push(arrival)
    return root
  }

  replica(event: ReplicaEvent): void {
    this.replicas.push(event)
  }

  spanOf(span: Span): WitnessedSpan {
    return new WitnessedSpan(span, `span-${++this.#spans}`, this)
  }

  /** Spans and events, one per line, indented by two spaces per level. */
  get lines(): string[] {
    return this.spans.flatMap((span) => span.lines)
  }
}

class WitnessedSpan implements Observation {
  readonly headers: Readonly<Record<string, string>>
  readonly #span: Span
  readonly #witness: Witness
  readonly #heard: (string | WitnessedSpan)[] = []
  #code: string | undefined

  constructor(span: Span, id: string, witness: Witness) {
    this.headers = { traceparent: id }
    this.#span = span
    this.#witness = witness
  }

  child(span: Span): WitnessedSpan {
    this.#expectOpen(`child ${span.name}`)
    const child = this.#witness.spanOf(span)
    this.#heard.push(child)
    return child
  }

  event(event: RequestEvent): void {
    this.#expectOpen(event.name)
    this.#heard.push(Object.values(event).join(' '))
  }

  end(outcome: Outcome): void {
    this.#expectOpen('end')
    for (const heard of this.#heard)
      if (typeof heard !== 'string' && heard.#code === undefined)
        this.#witness.faults.push(`${this.#title} ended before ${heard.#title}`)
    this.#code = codeOf(outcome)
  }

  get lines(): string[] {
    const below = this.#heard.flatMap((heard) => (typeof heard === 'string' ? heard : heard.lines))
    return [`${this.#title} ${this.#code ?? 'open'}`, ...below.map((line) => `  ${line}`)]
  }

  get #title(): string {
    const span = this.#span
    switch (span.name) {
      case 'request':
        return `request ${span.endpoint}`
      case 'stage':
        return `stage ${span.stage}`
      case 'shard':
        return `shard ${span.shard}`
      case 'try':
        return `try ${span.number} ${span.pod}`
    }
  }

  #expectOpen(what: string): void {
    if (this.#code !== undefined) this.#witness.faults.push(`${what} after the end of ${this.#title}`)
  }
}
