import { Branch } from '../call/branch.js'
import type { Call } from '../call/call.js'
import { MillraceError } from '../errors.js'
import type { Clock } from '../lib/clock.js'
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
        : race({ pool, clock, after, mayHedge: () => budget.take() }, request, call, itinerary)
    return answer.then((response) => {
      latencies.add(clock.monotonic() - began)
      return response
    })
  }
}

interface Race {
  readonly pool: Pool
  readonly clock: Clock
  readonly after: number
  mayHedge(): boolean
}

function race(
  { pool, clock, after, mayHedge }: Race,
  request: DataRequest,
  call: Call,
  itinerary: Itinerary,
): Promise<DataRequest> {
  const running = new Set<Branch>()
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      cancel()
      end()
      for (const branch of running) {
        branch.abort(lost())
        branch.unlink()
      }
    }
    const run = (): void => {
      const branch = new Branch(call)
      running.add(branch)
      const ended = (): void => {
        branch.unlink()
        running.delete(branch)
      }
      pool.send(request, branch, itinerary).then(
        (answer) => {
          ended()
          settle(() => resolve(answer))
        },
        (error: unknown) => {
          ended()
          // the other one may still answer
          if (running.size === 0) settle(() => reject(error))
        },
      )
    }
    // without room or budget now, there may be some later: what is stuck waits longest
    const hedge = (): void => {
      if (pool.hasSpare(itinerary) && mayHedge()) run()
      else cancel = clock.after(Math.max(after, 1), hedge)
    }
    let cancel = clock.after(after, hedge)
    run()
  })
}

function lost(): MillraceError {
  return new MillraceError('CANCELLED', 'Another replica answered first.')
}
