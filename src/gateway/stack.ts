import type { Pool } from '../balancer/pool.js'
import type { Handler } from '../call/call.js'
import { deadline } from '../call/layers/deadline.js'
import { errorContext } from '../call/layers/error-context.js'
import { observe, type Observer } from '../call/layers/observe.js'
import { stack } from '../call/stack.js'
import type { Clock } from '../lib/clock.js'
import { explain } from './explain.js'
import type { StageSpec } from './spec.js'

export interface StackTools {
  readonly clock: Clock
  readonly observer?: Observer
}

/** The path of a request through one stage, outermost first. Built once per stage. */
export function stageStack(stage: StageSpec, pool: Pool, { clock, observer }: StackTools): Handler {
  return stack(
    [
      observe(observer),
      errorContext({ where: { deployment: stage.name }, explain }),
      deadline({ timeoutMs: stage.timeoutSendMs, clock }),
      // here: shards (poll, scatter, gather, reduce)
      // here: retry and hedge (another replica, within a budget)
    ],
    pool.handle, // balance: pick, send, account
  )
}
