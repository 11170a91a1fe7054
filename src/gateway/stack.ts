import { Budget } from '../balancer/budget.js'
import { hedged } from '../balancer/hedge.js'
import type { Pool } from '../balancer/pool.js'
import { retrying } from '../balancer/retry.js'
import type { Handler } from '../call/call.js'
import { observe, observeAt } from '../call/layers/observe.js'
import { stack } from '../call/stack.js'
import type { Clock } from '../lib/clock.js'
import type { Shard } from '../shards/shard.js'
import { sharded, type ShardedOptions } from '../shards/sharded.js'
import { readiness } from './readiness.js'
import type { StageSpec } from './spec.js'

export interface StackTools {
  /** Null for a stage with one shard whose answers need no reduce. */
  readonly sharding: ShardedOptions | null
}

/** The path of a request through one stage, outermost first. Built once per stage. */
export function stageStack(stage: StageSpec, only: Shard, { sharding }: StackTools): Handler {
  return stack(
    [observeAt({ name: 'stage', stage: stage.name }, { deployment: stage.name })],
    sharding === null ? only.handle : sharded(sharding), // poll, scatter, gather, reduce
  )
}

export interface ShardStackTools {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** Whether an endpoint of this stage changes state. */
  isWrite(endpoint: string): boolean
}

/** Retries allowed per request, and per ten seconds whatever the traffic (Finagle's and linkerd's defaults). */
const retryBudget = { share: 0.2, reserve: 100 }

/** The rest of the path, through one shard, outermost first. Built once per shard. */
export function shardStack(
  stage: StageSpec,
  pool: Pool,
  { clock, random, isWrite }: ShardStackTools,
): Handler {
  return stack(
    stage.shards === 1 ? [readiness(pool)] : [observe({ name: 'shard', shard: pool.stage }), readiness(pool)],
    retrying({
      retries: stage.retries,
      maxLostReplicas: stage.maxLostReplicas,
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
