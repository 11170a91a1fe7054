import { Rates } from '../../control/rates.js'
import type { FlowStatus } from '../../control/status.js'
import type { Look } from '../feed.js'
import { eventsBetween, type FlowEvent } from './events.js'
import { type Graph, graphOf } from './graph.js'
import { Latencies, type Latency } from './latency.js'
import { type StageView, stageView } from './stage-view.js'

/** What the page shows. */
export interface FlowView {
  /** Null until the Flow has answered for the first time. */
  readonly flow: FlowStatus | null
  /** Why the Flow does not answer now; what is shown is as old as that. */
  readonly problem: string | null
  readonly graph: Graph
  readonly stages: readonly StageView[]
  /** The last ones first. */
  readonly events: readonly TimedEvent[]
  /** Rates of each stage by its name, the oldest first. */
  readonly history: ReadonlyMap<string, readonly number[]>
  /** Of stages that have answered in the last seconds, of a Flow with metrics. */
  readonly latencies: ReadonlyMap<string, Latency>
}

export interface TimedEvent extends FlowEvent {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly atMs: number
}

/** When a look came, by a clock that never goes back and by the time of day. */
export interface Moment {
  readonly nowMs: number
  readonly dateMs: number
}

/** Rates are compared over this time: looks that follow a change at once would make them jump. */
const rateMs = 900

const mostEvents = 200
const mostPoints = 120

/** Makes views of the looks at one Flow, each with what it knows of those before. */
export class Viewer {
  readonly #rates = new Rates()
  #known: ReturnType<Rates['look']> = new Map()
  #ratedMs = Number.NEGATIVE_INFINITY
  #events: readonly TimedEvent[] = []
  readonly #latencies = new Latencies()
  #latency = new Map<string, Latency>()
  #history = new Map<string, readonly number[]>()
  #eventCount = 0
  #last: FlowStatus | null = null

  see(look: Look, { nowMs, dateMs }: Moment): FlowView {
    const problem = 'problem' in look ? look.problem : null
    const flow = 'status' in look ? look.status : this.#last
    if ('status' in look) {
      this.#note(look.status, dateMs)
      this.#last = look.status
    }
    const isRated = 'status' in look && nowMs - this.#ratedMs >= rateMs
    if (isRated) {
      this.#known = this.#rates.look([look.status], nowMs)
      this.#ratedMs = nowMs
    }
    const stages = flow === null ? [] : flow.stages.map((stage) => stageView(flow, stage, this.#known))
    if (isRated) {
      this.#record(stages)
      this.#latency = this.#latenciesOf(look.status)
    }
    return {
      ...{ flow, problem, stages },
      graph: graphOf(flow?.stages ?? []),
      events: this.#events,
      history: this.#history,
      latencies: this.#latency,
    }
  }

  #note(status: FlowStatus, atMs: number): void {
    if (this.#last === null) return
    const fresh = eventsBetween(this.#last, status).map((event) => ({
      ...event,
      id: ++this.#eventCount,
      atMs,
    }))
    if (fresh.length > 0) this.#events = [...fresh.reverse(), ...this.#events].slice(0, mostEvents)
  }

  #latenciesOf({ stages }: FlowStatus): Map<string, Latency> {
    return new Map(
      stages.flatMap((stage) => {
        const latency = this.#latencies.see(stage)
        return latency === null ? [] : [[stage.name, latency] as const]
      }),
    )
  }

  #record(stages: readonly StageView[]): void {
    this.#history = new Map(
      stages.map(({ name, rate }) => {
        const points = this.#history.get(name) ?? []
        return [name, rate === null ? points : [...points, rate].slice(-mostPoints)]
      }),
    )
  }
}
