import { shardName } from '../gateway/shard-name.js'
import type { StagePlan } from '../plan/flow-plan.js'

/** What one shard of a stage must run. */
export interface ShardPlan extends StagePlan {
  readonly shardId: number
  /** How gateway, logs and pods call it: `exec/shard-1`; the name of the stage when it has one shard. */
  readonly set: string
}

export function shardPlan(stage: StagePlan, shardId: number): ShardPlan {
  return { ...stage, shardId, set: shardName(stage.name, shardId, stage.shards) }
}
