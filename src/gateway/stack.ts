import { Budget } from '../balancer/budget.js'
import { hedged } from '../balancer/hedge.js'
import type { Pool } from '../balancer/pool.js'
import { retrying } from '../balancer/retry.js'
import type { Handler } from '../call/call.js'
import { errorContext } from '../call/layers/error-context.js'
import { observe, type Observer } from '../call/layers/observe.js'
import { stack } from '../call/stack.js'
import type { Clock } from '../lib/clock.js'
import { explain } from './explain.js'
import { readiness } from './readiness.js'
import type { StageSpec } from './spec.js'

export interface StackTools {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Whether an endpoint of this stage changes state. */
  isWrite(endpoint: string): boolean
  readonly observer?: Observer
}

/** Extra tries for each request, and in ten seconds whatever the traffic (Finagle's and linkerd's defaults). */
const retryBudget = { share: 0.2, reserve: 100 }

/** The path of a request through one stage, outermost first. Built once per stage. */
export function stageStack(stage: StageSpec, pool: Pool, tools: StackTools): Handler {
  const { clock, random, isWrite, observer } = tools
  return stack(
    [
      observe(observer),
      errorContext({ where: { deployment: stage.name }, explain }),
      readiness(pool),
      // here: shards (poll, scatter, gather, reduce)
    ],
    retrying({
      retries: stage.retries,
      budget: new Budget({ clock, ...retryBudget }),
      clock,
      random,
      isWrite,
      pool,
      attempt:
        stage.hedge === null
          ? (request, call, itinerary) => pool.send(request, call, itinerary) // balance: pick, send, account
          : hedged({ ...stage.hedge, pool, clock }),
    }),
  )
}
