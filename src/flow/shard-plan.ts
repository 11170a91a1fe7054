import { shardName } from '../gateway/shard-name.js'
import type { StagePlan } from '../plan/flow-plan.js'

/** What one shard of a stage must run. */
export interface ShardPlan extends StagePlan {
  readonly shardId: number
  /** How gateway, logs and pods call it: `exec/shard-1`; the name of the stage when it has one shard. */
  readonly set: string
  /** Name of its pods but for `/rep-0`. */
  readonly pods: string
}

export function shardPlan(stage: StagePlan, shardId: number): ShardPlan {
  const set = shardName(stage.name, shardId, stage.shards)
  const { part } = stage
  if (part === null) return { ...stage, shardId, set, pods: set }
  return { ...stage, shardId, set, pods: shardName(stage.name, part.shardId, part.shards) }
}
