import { shardName } from '../gateway/shard-name.js'
import type { StagePlan } from '../plan/flow-plan.js'

/** The plan of one shard of a stage. */
export interface ShardPlan extends StagePlan {
  readonly shardId: number
  /** Name of the replica set in the gateway and in logs: `exec/shard-1`, or the stage's name when it has one shard. */
  readonly set: string
  /** Prefix of its pods' names, without `/rep-0`. */
  readonly pods: string
}

/** Derives the plan of shard `shardId`, counted from 0. */
export function shardPlan(stage: StagePlan, shardId: number): ShardPlan {
  const set = shardName(stage.name, shardId, stage.shards)
  const { part } = stage
  if (part === null) return { ...stage, shardId, set, pods: set }
  return { ...stage, shardId, set, pods: shardName(stage.name, part.shardId, part.shards) }
}
