import { codeOf, type Observation, type Outcome } from '../../call/observation.js'
import type { Clock } from '../../lib/clock.js'
import type { RequestEvent, Span } from '../../observe/names.js'
import { rounded } from './shown-values.js'

/** Tries of one stage that are logged individually: a stream may have thousands. */
const mostTries = 10

/** The log entry of one stage, for all its shards and all documents of a stream together. */
export class StageEntry {
  readonly #name: string
  readonly #tries: TryRecord[] = []
  #visits = 0
  #tried = 0
  #ms = 0
  #queueMs = 0

  constructor(name: string) {
    this.#name = name
  }

  /** `ms` is the sum of all visits; `queueMs` is the longest wait for a replica, because shards wait at the same time. */
  get fields(): object {
    return {
      stage: this.#name,
      ms: rounded(this.#ms),
      ...(this.#visits > 1 && { documents: this.#visits }),
      ...(this.#queueMs > 0 && { queueMs: rounded(this.#queueMs) }),
      ...(this.#tried > this.#tries.length && { tried: this.#tried }),
      tries: this.#tries.map((each) => each.fields),
    }
  }

  visited(ms: number): void {
    this.#visits++
    this.#ms += ms
  }

  waited(ms: number): void {
    this.#queueMs = Math.max(this.#queueMs, ms)
  }

  /** Adds a try; call it in the order in which tries begin. */
  add(attempt: TryRecord): void {
    this.#tried++
    if (this.#tries.length < mostTries) this.#tries.push(attempt)
  }
}

/** A request in a stage, or in one shard of it. */
export class StageRecord implements Observation {
  readonly #entry: StageEntry
  readonly #clock: Clock
  readonly #isShard: boolean
  readonly #began: number
  #queuedAt: number | undefined
  #queueMs = 0

  constructor(entry: StageEntry, clock: Clock, isShard = false) {
    this.#entry = entry
    this.#clock = clock
    this.#isShard = isShard
    this.#began = clock.monotonic()
  }

  child(span: Span): Observation {
    if (span.name !== 'try') return new StageRecord(this.#entry, this.#clock, true)
    this.#dequeue()
    const attempt = new TryRecord(span.pod, this.#clock)
    this.#entry.add(attempt)
    return attempt
  }

  event({ name }: RequestEvent): void {
    if (name === 'replica.queued') this.#queuedAt = this.#clock.monotonic()
    else if (name === 'replica.refused') this.#dequeue()
  }

  end(): void {
    this.#dequeue()
    if (!this.#isShard) this.#entry.visited(this.#clock.monotonic() - this.#began)
  }

  #dequeue(): void {
    if (this.#queuedAt === undefined) return
    this.#queueMs += this.#clock.monotonic() - this.#queuedAt
    this.#queuedAt = undefined
    this.#entry.waited(this.#queueMs)
  }
}

class TryRecord implements Observation {
  readonly #pod: string
  readonly #clock: Clock
  readonly #began: number
  #ms = 0
  #code = ''
  #queueMs: number | undefined
  #handlerMs: number | undefined
  /** Documents of the batch that it ran in. */
  #batch: number | undefined

  constructor(pod: string, clock: Clock) {
    this.#pod = pod
    this.#clock = clock
    this.#began = clock.monotonic()
  }

  get fields(): object {
    return {
      pod: this.#pod,
      ms: rounded(this.#ms),
      code: this.#code,
      ...(this.#queueMs !== undefined && { queueMs: rounded(this.#queueMs) }),
      ...(this.#handlerMs !== undefined && { handlerMs: rounded(this.#handlerMs) }),
      ...(this.#batch !== undefined && { batch: this.#batch }),
    }
  }

  child(): Observation {
    return this
  }

  event(event: RequestEvent): void {
    if (event.name === 'worker.started') this.#queueMs = event.queueMs
    else if (event.name === 'worker.finished') this.#handlerMs = event.handlerMs
    else if (event.name === 'batch.started') this.#batch = event.documents
  }

  end(outcome: Outcome): void {
    this.#ms = this.#clock.monotonic() - this.#began
    this.#code = codeOf(outcome)
  }
}
