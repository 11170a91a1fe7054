import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed } from '../lib/deadlines.js'
import type { DataRequest } from '../wire/data-request.js'
import { Budget } from './budget.js'
import { Latencies } from './latencies.js'
import type { Itinerary, Pool } from './pool.js'

export interface HedgeOptions {
  readonly pool: Pool
  /** Milliseconds without an answer before the second try; null: `afterPercentile` of recent latencies. */
  readonly afterMs: number | null
  readonly afterPercentile: number | null
  /** Largest share of requests that get a second try. */
  readonly budget: number
  readonly clock: Clock
}

/** One try, or two of which the first answer counts. */
export type Try = (request: DataRequest, call: Call, itinerary: Itinerary) => Promise<DataRequest>

/**
 * Sends a request that reads a second time, to another replica, when the first is slow; the slower one is cancelled.
 *
 * Source: J. Dean, L. A. Barroso, "The Tail at Scale" (2013), hedged requests.
 */
export function hedged({ pool, afterMs, afterPercentile, budget: share, clock }: HedgeOptions): Try {
  const budget = new Budget({ clock, share, reserve: 1 })
  const latencies = new Latencies(clock)
  const delay = (): number | undefined => afterMs ?? latencies.percentile(afterPercentile ?? 95)
  return (request, call, itinerary) => {
    if (itinerary.write) return pool.send(request, call, itinerary)
    budget.deposit()
    const began = clock.monotonic()
    const after = delay()
    const answer =
      after === undefined
        ? pool.send(request, call, itinerary)
        : new Race({ pool, clock, after, mayHedge: () => budget.take() }, { request, call, itinerary }).answer
    return answer.then((response) => {
      latencies.add(clock.monotonic() - began)
      return response
    })
  }
}

interface Subject {
  readonly request: DataRequest
  readonly call: Call
  readonly itinerary: Itinerary
}

interface RaceRules {
  readonly pool: Pool
  readonly clock: Clock
  readonly after: number
  mayHedge(): boolean
}

/** One request at two replicas at most. */
class Race implements Timed {
  readonly answer: Promise<DataRequest>
  deadline: number
  readonly #rules: RaceRules
  readonly #deadlines: Deadlines
  readonly #subject: Subject
  readonly #running = new Set<Branch>()
  #resolve!: (answer: DataRequest) => void
  #reject!: (error: unknown) => void

  constructor(rules: RaceRules, subject: Subject) {
    const { clock, after } = rules
    this.#rules = rules
    this.#deadlines = deadlinesOf(clock)
    this.#subject = subject
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.deadline = clock.now() + after
    this.#deadlines.watch(this)
    this.#run()
  }

  /** There was no answer for so long. */
  expire(): void {
    const { pool, clock, after, mayHedge } = this.#rules
    if (pool.hasSpare(this.#subject.itinerary) && mayHedge()) return this.#run()
    // without room or budget now, there may be some later: what is stuck waits longest
    this.deadline = clock.now() + Math.max(after, 1)
    this.#deadlines.watch(this)
  }

  #run(): void {
    const { request, call, itinerary } = this.#subject
    const branch = new Branch(call)
    this.#running.add(branch)
    this.#rules.pool.send(request, branch, itinerary).then(
      (answer) => {
        this.#ended(branch)
        this.#settle()
        this.#resolve(answer)
      },
      (error: unknown) => {
        this.#ended(branch)
        // the other one may still answer
        if (this.#running.size > 0) return
        this.#settle()
        this.#reject(error)
      },
    )
  }

  #ended(branch: Branch): void {
    branch.unlink()
    this.#running.delete(branch)
  }

  #settle(): void {
    this.#deadlines.unwatch(this)
    for (const branch of this.#running) {
      branch.unlink()
      branch.abort(lost())
    }
  }
}

function lost(): MillraceError {
  return new MillraceError('CANCELLED', 'Another replica answered first.')
}
