/** The name of a shard in names of pods and in messages: `exec/shard-1`; for the only shard, the name of the stage. */
export function shardName(stage: string, index: number, shards: number): string {
  return shards === 1 ? stage : `${stage}/shard-${index}`
}
