import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import type { ItemSink } from '../call/items.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
import { type Deadlines, deadlinesOf, type Timed, type Watched } from '../lib/deadlines.js'
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

/** Makes one try, or two, and returns the first answer. For a stream, the first try to send an item wins. */
export type Try = (request: DataRequest, call: Call, itinerary: Itinerary) => Promise<DataRequest>

/**
 * Sends a read a second time, to another replica, when the first one is slow, and cancels the slower one.
 *
 * Source: J. Dean, L. A. Barroso, "The Tail at Scale" (2013), hedged requests.
 */
export function hedged({ pool, afterMs, afterPercentile, budget: share, clock }: HedgeOptions): Try {
  const budget = new Budget({ clock, share, reserve: 1 })
  const latencies = new Latencies(clock)
  const delay = (): number | undefined => afterMs ?? latencies.percentile(afterPercentile ?? 95)
  return (request, call, itinerary) => {
    if (itinerary.write || itinerary.losses !== undefined) return pool.send(request, call, itinerary)
    budget.deposit()
    const began = clock.monotonic()
    const rules: RaceRules = {
      pool,
      clock,
      after: delay() ?? Number.POSITIVE_INFINITY,
      mayHedge: () => budget.take(),
      onHeard: () => latencies.add(clock.monotonic() - began),
    }
    return new Race(rules, { request, call, itinerary }).answer
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
  /** Milliseconds; `Infinity` while too few latencies are known. */
  readonly after: number
  mayHedge(): boolean
  /** The answer, or the first item of a stream, has arrived. */
  onHeard(): void
}

/** One request, sent to at most two replicas. */
class Race implements Timed {
  readonly answer: Promise<DataRequest>
  deadline: number
  watched: Watched | undefined = undefined
  readonly #rules: RaceRules
  readonly #deadlines: Deadlines
  readonly #subject: Subject
  readonly #running = new Set<Branch>()
  /** The try that answered first, or sent the first item. */
  #winner: Branch | undefined
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

  /** No answer arrived within `after` milliseconds. */
  expire(): void {
    const { pool, clock, after, mayHedge } = this.#rules
    const { call, itinerary } = this.#subject
    if (pool.hasSpare(itinerary) && mayHedge()) {
      pool.counts.hedges++
      call.observation?.event({ name: 'hedge', afterMs: after })
      return this.#run()
    }
    // no free replica or no budget: try again later, since a stuck request waits longest
    this.deadline = clock.now() + Math.max(after, 1)
    this.#deadlines.watch(this)
  }

  #run(): void {
    const { request, call, itinerary } = this.#subject
    const branch: Branch = new Branch(call, {
      items: call.items && new Contender(call.items, () => this.#mayEmit(branch)),
    })
    this.#running.add(branch)
    this.#rules.pool.send(request, branch, itinerary).then(
      (answer) => {
        this.#ended(branch)
        this.#win(branch)
        this.#resolve(answer)
      },
      (error: unknown) => {
        this.#ended(branch)
        // the other try may still answer
        if (this.#running.size > 0) return
        this.#deadlines.unwatch(this)
        this.#reject(error)
      },
    )
  }

  /** The try that sends the first item wins. */
  #mayEmit(branch: Branch): boolean {
    this.#win(branch)
    return this.#winner === branch
  }

  #ended(branch: Branch): void {
    branch.unlink()
    this.#running.delete(branch)
  }

  /** Cancels the other try. */
  #win(winner: Branch): void {
    if (this.#winner !== undefined) return
    this.#winner = winner
    this.#deadlines.unwatch(this)
    this.#rules.onHeard()
    for (const branch of this.#running) {
      if (branch === winner) continue
      this.#ended(branch)
      branch.abort(lost())
    }
  }
}

/** The item sink of one of two tries. */
class Contender implements ItemSink {
  readonly #next: ItemSink
  readonly #mayEmit: () => boolean
  #count = 0

  constructor(next: ItemSink, mayEmit: () => boolean) {
    this.#next = next
    this.#mayEmit = mayEmit
  }

  get count(): number {
    return this.#count
  }

  push(item: DataRequest): void | Promise<void> {
    if (!this.#mayEmit()) return
    this.#count++
    return this.#next.push(item)
  }
}

function lost(): MillraceError {
  return new MillraceError('CANCELLED', 'Another replica answered first.')
}
